with

periods as (

    select
        period_kind,
        period_start_on,
        is_period_complete,
        max(date_on) as last_on
    from {{ ref('dim_date_periods') }}
    group by period_kind, period_start_on, is_period_complete

),

days as (

    select
        date_on,
        period_kind,
        period_start_on
    from {{ ref('dim_date_periods') }}

),

stages as (

    select * from {{ ref('lifecycle_stages') }}

),

-- What each type had at the end of each day.
population as (

    select
        population.date_on,
        population.customer_type,
        sum(case when stages.is_buyer then population.customers else 0 end) as buyers,
        sum(case when stages.is_engaged then population.customers else 0 end) as engaged,
        sum(case when population.stage = 'decline' then population.customers else 0 end) as declining,
        sum(case when population.stage = 'churn' then population.customers else 0 end) as churned
    from {{ ref('lifecycle_population_daily') }} as population
    inner join stages
        on population.stage = stages.stage
    group by population.date_on, population.customer_type

),

-- A change of the detail alone is no entry.
transitions as (

    select
        transitions.customer_id,
        customers.customer_type,
        days.period_kind,
        days.period_start_on,
        transitions.span_number,
        transitions.to_stage,
        from_stages.is_engaged as was_engaged,
        to_stages.is_engaged
    from {{ ref('lifecycle_transitions') }} as transitions
    inner join {{ ref('dim_customers') }} as customers
        on transitions.customer_id = customers.customer_id
    inner join stages as from_stages
        on transitions.from_stage = from_stages.stage
    inner join stages as to_stages
        on transitions.to_stage = to_stages.stage
    inner join days
        on transitions.transitioned_on = days.date_on
    where transitions.from_stage != transitions.to_stage

),

-- Who was engaged when a customer's first change of the period came was so at its start, and who is
-- not after the last is not at its end: the span's number, doubled, carries it through min and max.
ways as (

    select
        customer_id,
        customer_type,
        period_kind,
        period_start_on,
        mod(min(2 * span_number + case when was_engaged then 1 else 0 end), 2) as was_engaged,
        mod(max(2 * span_number + case when is_engaged then 1 else 0 end), 2) as is_engaged,
        sum(case when to_stage = 'decline' then 1 else 0 end) as decline_entries,
        sum(case when to_stage = 'churn' then 1 else 0 end) as churn_entries,
        sum(case when to_stage = 'winback' then 1 else 0 end) as winback_entries
    from transitions
    group by customer_id, customer_type, period_kind, period_start_on

),

moved as (

    select
        customer_type,
        period_kind,
        period_start_on,
        sum(was_engaged * (1 - is_engaged)) as disengaged,
        sum(decline_entries) as decline_entries,
        sum(churn_entries) as churn_entries,
        sum(winback_entries) as winback_entries
    from ways
    group by customer_type, period_kind, period_start_on

),

flow as (

    select
        periods.period_kind,
        periods.period_start_on,
        ends.customer_type,
        periods.is_period_complete,
        cast(coalesce(starts.buyers, 0) as {{ dbt.type_bigint() }}) as buyers_at_start,
        cast(coalesce(starts.buyers - starts.churned, 0) as {{ dbt.type_bigint() }}) as unchurned_at_start,
        cast(coalesce(starts.engaged, 0) as {{ dbt.type_bigint() }}) as engaged_at_start,
        cast(coalesce(starts.engaged, 0) - coalesce(moved.disengaged, 0) as {{ dbt.type_bigint() }})
            as still_engaged_at_end,
        cast(coalesce(moved.decline_entries, 0) as {{ dbt.type_bigint() }}) as decline_entries,
        cast(coalesce(moved.churn_entries, 0) as {{ dbt.type_bigint() }}) as churn_entries,
        cast(coalesce(moved.winback_entries, 0) as {{ dbt.type_bigint() }}) as winback_entries,
        cast(ends.declining as {{ dbt.type_bigint() }}) as declining_at_end,
        cast(ends.churned as {{ dbt.type_bigint() }}) as churned_at_end,
        cast(ends.buyers as {{ dbt.type_bigint() }}) as buyers_at_end
    from periods
    inner join population as ends
        on periods.last_on = ends.date_on
    left join population as starts
        on
            {{ add_days_to_date('periods.period_start_on', -1) }} = starts.date_on
            and ends.customer_type = starts.customer_type
    left join moved
        on
            periods.period_kind = moved.period_kind
            and periods.period_start_on = moved.period_start_on
            and ends.customer_type = moved.customer_type

)

select * from flow
