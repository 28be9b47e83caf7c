with

totals as (

    select
        customer_type,
        journey,
        step_position,
        step,
        min(case when period = 'recent' then month_start_on end) as first_month_on,
        max(case when period = 'recent' then month_start_on end) as last_month_on,
        sum(case when period = 'recent' then entered end) as entered,
        sum(case when period = 'recent' then dropped end) as dropped,
        sum(case when period = 'past' then entered end) as past_entered,
        sum(case when period = 'past' then dropped end) as past_dropped
    from {{ ref('kpi_journey_steps') }}
    group by customer_type, journey, step_position, step

),

compared as (

    select
        totals.*,
        cast(totals.past_dropped as {{ type_double() }}) / nullif(totals.past_entered, 0) as past_share,
        benchmarks.benchmark_drop_off_rate as given_share
    from totals
    left join {{ ref('journey_benchmarks') }} as benchmarks
        on
            totals.customer_type = benchmarks.customer_type
            and totals.journey = benchmarks.journey
            and totals.step = benchmarks.step
    where totals.entered > 0

),

based as (

    select
        *,
        coalesce(cast(given_share as {{ type_double() }}), past_share) as benchmark_share,
        case
            when given_share is not null then 'benchmark'
            when past_share is not null then 'own_past'
        end as benchmark_basis
    from compared

),

staked as (

    select
        based.*,
        -- greatest() passes over NULL, so it is asked for.
        cast(
            case
                when based.benchmark_share is not null
                    then greatest(based.dropped - based.benchmark_share * based.entered, 0)
            end as decimal(18, 6)
        ) as dropped_beyond,
        {{ wilson_bound('based.dropped', 'based.entered', 'low') }} as drop_off_low_rate,
        coalesce(based.given_share, {{ wilson_bound('based.past_dropped', 'based.past_entered', 'high') }})
            as benchmark_high_rate,
        journey_values.value_amount,
        journey_values.value_basis
    from based
    left join {{ ref('kpi_journey_values') }} as journey_values
        on
            based.customer_type = journey_values.customer_type
            and based.journey = journey_values.journey
            and based.step = journey_values.step

),

priced as (

    select
        *,
        {{ rate('benchmark_share', 1) }} as benchmark_drop_off_rate,
        case
            when dropped_beyond = 0 then 0
            else cast(dropped_beyond as {{ type_double() }}) * value_amount
        end as at_stake
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
        {{ rate('priced.dropped', 'priced.entered') }} as drop_off_rate,
        priced.drop_off_low_rate,
        cast(priced.past_entered as {{ dbt.type_bigint() }}) as past_entered,
        cast(priced.past_dropped as {{ dbt.type_bigint() }}) as past_dropped,
        priced.benchmark_drop_off_rate,
        priced.benchmark_basis,
        priced.drop_off_low_rate > priced.benchmark_high_rate as is_beyond_chance,
        priced.dropped_beyond,
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
