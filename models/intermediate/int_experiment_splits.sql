with

experiments as (

    select * from {{ ref('stg_experiments') }}

),

units as (

    select
        units.experiment_id,
        units.variant,
        count(*) as units,
        sum(case when units.is_crossed then 1 else 0 end) as crossed_units,
        sum(case when units.is_crossed then 0 else 1 end) as assigned_units,
        sum(case when units.exposed_at is not null and not units.is_crossed then 1 else 0 end) as exposed_units
    from {{ ref('int_experiment_units') }} as units
    inner join experiments
        on
            units.experiment_id = experiments.experiment_id
            and units.assigned_at >= experiments.starts_at
            and (units.assigned_at < experiments.ends_at or experiments.ends_at is null)
    group by units.experiment_id, units.variant

),

variants as (

    select
        experiment_id,
        variant,
        expected_share
    from {{ ref('stg_experiment_variants') }}
    union all
    select
        units.experiment_id,
        units.variant,
        null as expected_share
    from units
    left join {{ ref('stg_experiment_variants') }} as variants
        on
            units.experiment_id = variants.experiment_id
            and units.variant = variants.variant
    where variants.variant is null

),

arms as (

    select
        variants.experiment_id,
        variants.variant,
        cast(variants.expected_share as {{ type_double() }}) as expected_share,
        coalesce(units.assigned_units, 0) as assigned_units,
        coalesce(units.exposed_units, 0) as exposed_units,
        coalesce(units.crossed_units, 0) as crossed_units
    from variants
    left join units
        on
            variants.experiment_id = units.experiment_id
            and variants.variant = units.variant

),

totals as (

    select
        experiment_id,
        count(*) as arms,
        sum(case when assigned_units > 0 and coalesce(expected_share, 0) = 0 then 1 else 0 end) as unplanned_arms,
        sum(expected_share) as expected_share,
        sum(assigned_units) as assigned_units,
        sum(exposed_units) as exposed_units,
        sum(crossed_units) as crossed_units
    from arms
    group by experiment_id

),

-- How many of each arm were to be expected: assigned by plan, exposed by the rate of all arms.
expected as (

    select
        arms.experiment_id,
        arms.assigned_units,
        arms.exposed_units,
        totals.assigned_units * arms.expected_share / nullif(totals.expected_share, 0) as expected_assigned,
        arms.assigned_units * cast(totals.exposed_units as {{ type_double() }}) / nullif(totals.assigned_units, 0)
            as expected_exposed
    from arms
    inner join totals
        on arms.experiment_id = totals.experiment_id

),

deviations as (

    select
        experiment_id,
        min(expected_assigned) as least_assigned,
        min(least(expected_exposed, assigned_units - expected_exposed)) as least_exposed,
        sum(
            (assigned_units - expected_assigned) * (assigned_units - expected_assigned) / nullif(expected_assigned, 0)
        ) as split_chi_square,
        sum(
            (exposed_units - expected_exposed) * (exposed_units - expected_exposed)
            * (1 / nullif(expected_exposed, 0) + 1 / nullif(assigned_units - expected_exposed, 0))
        ) as exposure_chi_square
    from expected
    group by experiment_id

),

-- Chi-square wants five of each at least; fewer tell nothing.
tested as (

    select
        totals.experiment_id,
        totals.assigned_units,
        totals.exposed_units,
        totals.crossed_units,
        case
            when totals.unplanned_arms > 0 and totals.expected_share > 0 then 0
            when deviations.least_assigned >= 5
                then {{ chi_square_p_value('deviations.split_chi_square', '(totals.arms - 1)') }}
        end as split_p_value,
        case
            when deviations.least_exposed >= 5
                then {{ chi_square_p_value('deviations.exposure_chi_square', '(totals.arms - 1)') }}
        end as exposure_p_value
    from totals
    inner join deviations
        on totals.experiment_id = deviations.experiment_id

),

described as (

    select
        experiment_id,
        cast(assigned_units as {{ dbt.type_bigint() }}) as assigned_units,
        cast(exposed_units as {{ dbt.type_bigint() }}) as exposed_units,
        cast(crossed_units as {{ dbt.type_bigint() }}) as crossed_units,
        {{ to_bound('split_p_value') }} as split_p_value,
        {{ to_bound('exposure_p_value') }} as exposure_p_value,
        coalesce(least(split_p_value, exposure_p_value) < {{ var('split_alarm_p_value') }} / 2.0, false) as is_broken
    from tested

)

select * from described
