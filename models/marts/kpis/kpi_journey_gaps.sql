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
        greatest(dropped - benchmark_drop_off_rate * entered, 0) as dropped_beyond,
        case
            when dropped <= benchmark_drop_off_rate * entered then 0
            else (dropped - benchmark_drop_off_rate * entered) * value_amount
        end as at_stake
    from valued
    where entered > 0

),

described as (

    select
        case
            when staked.at_stake > 0
                then cast(
                    row_number() over (
                        order by staked.at_stake desc nulls last, staked.customer_type, staked.journey,
                        staked.step_position
                    ) as {{ dbt.type_int() }}
                )
        end as gap_rank,
        staked.customer_type,
        staked.journey,
        cast(staked.step_position as {{ dbt.type_int() }}) as step_position,
        staked.step,
        staked.first_month_on,
        staked.last_month_on,
        cast(staked.entered as {{ dbt.type_bigint() }}) as entered,
        cast(staked.dropped as {{ dbt.type_bigint() }}) as dropped,
        staked.drop_off_rate,
        cast(staked.past_entered as {{ dbt.type_bigint() }}) as past_entered,
        cast(staked.past_dropped as {{ dbt.type_bigint() }}) as past_dropped,
        staked.benchmark_drop_off_rate,
        staked.benchmark_basis,
        cast(staked.dropped_beyond as decimal(18, 6)) as dropped_beyond,
        staked.value_amount,
        staked.value_basis,
        {{ to_total('staked.at_stake') }} as at_stake_amount,
        causes.churn_reason,
        causes.reason_losses,
        causes.weakest_interaction_type,
        causes.weakest_channel,
        causes.weakest_answers,
        causes.weakest_satisfaction_rate
    from staked
    left join {{ ref('kpi_journey_causes') }} as causes
        on
            staked.customer_type = causes.customer_type
            and staked.journey = causes.journey
            and staked.step = causes.step

)

select * from described
