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
        transitions.transitioned_on,
        transitions.to_stage,
        case when from_stages.is_engaged then 1 else 0 end - case when to_stages.is_engaged then 1 else 0 end
            as disengagements
    from {{ ref('lifecycle_transitions') }} as transitions
    inner join {{ ref('dim_customers') }} as customers
        on transitions.customer_id = customers.customer_id
    inner join stages as from_stages
        on transitions.from_stage = from_stages.stage
    inner join stages as to_stages
        on transitions.to_stage = to_stages.stage
    where transitions.from_stage != transitions.to_stage

),

entries_of_days as (

    select
        transitioned_on,
        customer_type,
        sum(case when to_stage = 'decline' then 1 else 0 end) as decline_entries,
        sum(case when to_stage = 'churn' then 1 else 0 end) as churn_entries,
        sum(case when to_stage = 'winback' then 1 else 0 end) as winback_entries
    from transitions
    group by transitioned_on, customer_type

),

entries as (

    select
        days.period_kind,
        days.period_start_on,
        entries_of_days.customer_type,
        sum(entries_of_days.decline_entries) as decline_entries,
        sum(entries_of_days.churn_entries) as churn_entries,
        sum(entries_of_days.winback_entries) as winback_entries
    from entries_of_days
    inner join days
        on entries_of_days.transitioned_on = days.date_on
    group by days.period_kind, days.period_start_on, entries_of_days.customer_type

),

-- Who is engaged when a period begins and not when it ends was disengaged in it once more than engaged.
ways as (

    select
        transitions.customer_type,
        days.period_kind,
        days.period_start_on,
        sum(transitions.disengagements) as disengagements
    from transitions
    inner join days
        on transitions.transitioned_on = days.date_on
    where transitions.disengagements != 0
    group by transitions.customer_id, transitions.customer_type, days.period_kind, days.period_start_on

),

ended as (

    select
        customer_type,
        period_kind,
        period_start_on,
        count(*) as disengaged
    from ways
    where disengagements = 1
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
        cast(coalesce(starts.engaged, 0) - coalesce(ended.disengaged, 0) as {{ dbt.type_bigint() }})
            as still_engaged_at_end,
        cast(coalesce(entries.decline_entries, 0) as {{ dbt.type_bigint() }}) as decline_entries,
        cast(coalesce(entries.churn_entries, 0) as {{ dbt.type_bigint() }}) as churn_entries,
        cast(coalesce(entries.winback_entries, 0) as {{ dbt.type_bigint() }}) as winback_entries,
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
    left join entries
        on
            periods.period_kind = entries.period_kind
            and periods.period_start_on = entries.period_start_on
            and ends.customer_type = entries.customer_type
    left join ended
        on
            periods.period_kind = ended.period_kind
            and periods.period_start_on = ended.period_start_on
            and ends.customer_type = ended.customer_type

)

select * from flow
