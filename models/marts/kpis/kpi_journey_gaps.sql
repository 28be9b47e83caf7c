with

steps as (

    select * from {{ ref('kpi_journey_steps') }}

),

totals as (

    select
        customer_type,
        journey,
        step_position,
        step,
        stage,
        interaction_type,
        min(case when period = 'recent' then month_start_on end) as first_month_on,
        max(case when period = 'recent' then month_start_on end) as last_month_on,
        sum(case when period = 'recent' then entered end) as entered,
        sum(case when period = 'recent' then dropped end) as dropped,
        sum(case when period = 'recent' then completed end) as completed,
        sum(case when period = 'past' then entered end) as past_entered,
        sum(case when period = 'past' then dropped end) as past_dropped
    from steps
    group by customer_type, journey, step_position, step, stage, interaction_type

),

compared as (

    select
        totals.*,
        {{ rate('totals.dropped', 'totals.entered') }} as drop_off_rate,
        coalesce(benchmarks.benchmark_drop_off_rate, {{ rate('totals.past_dropped', 'totals.past_entered') }})
            as benchmark_drop_off_rate,
        case
            when benchmarks.benchmark_drop_off_rate is not null then 'benchmark'
            when totals.past_entered > 0 then 'own_past'
        end as benchmark_basis
    from totals
    left join {{ ref('journey_benchmarks') }} as benchmarks
        on
            totals.customer_type = benchmarks.customer_type
            and totals.journey = benchmarks.journey
            and totals.step = benchmarks.step

),

-- What customers who left had been worth.
left_behind as (

    select
        customer_type,
        journey,
        step,
        sum(past_year_amount) / count(*) as past_year_amount
    from {{ ref('kpi_journey_gap_customers') }}
    group by customer_type, journey, step

),

-- What a new customer brings within a year, and how many of the prospects who decide become one.
first_years as (

    select
        customer_type,
        sum(cumulative_revenue_amount) / sum(cohort_customers) as first_year_amount
    from {{ ref('kpi_cohorts') }}
    where age_months = 11 and is_mature
    group by customer_type

),

prospects as (

    select
        customer_type,
        cast(sum(completed) as {{ type_double() }}) / nullif(sum(completed + dropped), 0) as buying_share
    from steps
    where is_mature and stage in {{ prospects() }}
    group by customer_type

),

order_values as (

    select
        customer_type,
        sum(revenue_amount) / nullif(sum(orders), 0) as order_amount
    from {{ ref('kpi_sales') }}
    where is_month_complete
    group by customer_type

),

valued as (

    select
        compared.*,
        case
            when compared.journey != 'stages' then 'order'
            when compared.stage in {{ prospects() }} then 'first_year'
            else 'past_year'
        end as value_basis,
        {{ to_total(
            "case when compared.journey in ('shop', 'b2b') then order_values.order_amount * compared.completed"
            ~ " / nullif(compared.entered - compared.dropped, 0) when compared.journey != 'stages'"
            ~ " then order_values.order_amount when compared.stage in " ~ prospects()
            ~ " then first_years.first_year_amount * prospects.buying_share else left_behind.past_year_amount end"
        ) }} as value_amount
    from compared
    left join left_behind
        on
            compared.customer_type = left_behind.customer_type
            and compared.journey = left_behind.journey
            and compared.step = left_behind.step
    left join first_years
        on compared.customer_type = first_years.customer_type
    left join prospects
        on compared.customer_type = prospects.customer_type
    left join order_values
        on compared.customer_type = order_values.customer_type

),

staked as (

    select
        *,
        -- greatest() passes over NULL, so it is asked for.
        case
            when benchmark_drop_off_rate is not null then greatest(dropped - benchmark_drop_off_rate * entered, 0)
        end as dropped_beyond,
        {{ wilson_bound('dropped', 'entered', 'low') }} as drop_off_low_rate
    from valued
    where entered > 0

),

priced as (

    select
        *,
        case when dropped_beyond = 0 then 0 else dropped_beyond * value_amount end as at_stake
    from staked

),

described as (

    select
        case when priced.at_stake > 0 then cast(row_number() over by_stake as {{ dbt.type_int() }}) end as gap_rank,
        priced.customer_type,
        priced.journey,
        cast(priced.step_position as {{ dbt.type_int() }}) as step_position,
        priced.step,
        priced.first_month_on,
        priced.last_month_on,
        cast(priced.entered as {{ dbt.type_bigint() }}) as entered,
        cast(priced.dropped as {{ dbt.type_bigint() }}) as dropped,
        priced.drop_off_rate,
        priced.drop_off_low_rate,
        cast(priced.past_entered as {{ dbt.type_bigint() }}) as past_entered,
        cast(priced.past_dropped as {{ dbt.type_bigint() }}) as past_dropped,
        priced.benchmark_drop_off_rate,
        priced.benchmark_basis,
        priced.drop_off_low_rate > priced.benchmark_drop_off_rate as is_beyond_chance,
        cast(priced.dropped_beyond as decimal(18, 6)) as dropped_beyond,
        priced.value_amount,
        priced.value_basis,
        {{ to_total('priced.at_stake') }} as at_stake_amount,
        causes.churn_reason,
        causes.reason_losses,
        causes.weakest_interaction_type,
        causes.weakest_channel,
        causes.weakest_answers,
        causes.weakest_satisfaction_rate
    from priced
    left join {{ ref('kpi_journey_causes') }} as causes
        on
            priced.customer_type = causes.customer_type
            and priced.journey = causes.journey
            and priced.step = causes.step
    window by_stake as (
        order by
            priced.at_stake desc nulls last, priced.customer_type asc, priced.journey asc, priced.step_position asc
    )

)

select * from described
