{%- set double = type_double() -%}
with

experiments as (

    select * from {{ ref('stg_experiments') }}

),

arms as (

    select
        arms.experiment_id,
        arms.segment,
        arms.variant,
        arms.metric,
        metrics.measure,
        arms.is_primary,
        cast(arms.units as {{ double }}) as units,
        -- A margin is known where the cost is.
        case
            when
                metrics.measure <> 'margin'
                or arms.costed_amount >= {{ var('min_costed_share') }} * arms.net_amount
                then cast(arms.value_sum as {{ double }})
        end as value_sum,
        cast(arms.value_squares as {{ double }}) as value_squares,
        cast(arms.covariate_sum as {{ double }}) as covariate_sum,
        cast(arms.covariate_squares as {{ double }}) as covariate_squares,
        cast(arms.products as {{ double }}) as products,
        sum(arms.units) over (partition by arms.experiment_id, arms.segment, arms.metric) as sampled_units
    from {{ ref('int_experiment_arms') }} as arms
    inner join {{ ref('experiment_metrics') }} as metrics
        on arms.metric = metrics.metric

),

compared as (

    select
        arms.*,
        experiments.control_variant,
        coalesce(controls.units, 0) as control_units,
        controls.value_sum as control_value_sum,
        controls.value_squares as control_value_squares,
        controls.covariate_sum as control_covariate_sum,
        controls.covariate_squares as control_covariate_squares,
        controls.products as control_products,
        least(arms.units, controls.units) >= {{ var('experiment_min_units') }} as has_enough_units,
        -- How much of a unit's value its past foretells, over both arms alike (CUPED).
        (
            arms.products + controls.products
            - (arms.covariate_sum + controls.covariate_sum) * (arms.value_sum + controls.value_sum)
            / nullif(arms.units + controls.units, 0)
        ) / nullif(
            arms.covariate_squares + controls.covariate_squares
            - (arms.covariate_sum + controls.covariate_sum) * (arms.covariate_sum + controls.covariate_sum)
            / nullif(arms.units + controls.units, 0), 0
        ) as theta
    from arms
    inner join experiments
        on
            arms.experiment_id = experiments.experiment_id
            and arms.variant <> experiments.control_variant
    left join arms as controls
        on
            experiments.experiment_id = controls.experiment_id
            and experiments.control_variant = controls.variant
            and arms.segment = controls.segment
            and arms.metric = controls.metric

),

adjusted as (

    select
        *,
        value_sum - theta * covariate_sum as cuped_sum,
        value_squares - 2 * theta * products + theta * theta * covariate_squares as cuped_squares,
        control_value_sum - theta * control_covariate_sum as control_cuped_sum,
        control_value_squares - 2 * theta * control_products + theta * theta * control_covariate_squares
            as control_cuped_squares,
        (value_sum + control_value_sum) / nullif(units + control_units, 0) as common_mean
    from compared

),

-- The variances are those of the means.
estimated as (

    select
        experiment_id,
        segment,
        variant,
        control_variant,
        metric,
        measure,
        is_primary,
        units,
        control_units,
        sampled_units,
        value_sum,
        control_value_sum,
        value_sum / nullif(units, 0) as mean,
        control_value_sum / nullif(control_units, 0) as control_mean,
        cuped_sum / nullif(units, 0) - control_cuped_sum / nullif(control_units, 0) as cuped_difference,
        case when has_enough_units then common_mean * (1 - common_mean) * (1 / units + 1 / control_units) end
            as common_variance,
        case when has_enough_units then {{ variance_of('value_sum', 'value_squares', 'units') }} / units end
            as variance,
        case
            when has_enough_units
                then {{ variance_of('control_value_sum', 'control_value_squares', 'control_units') }} / control_units
        end as control_variance,
        case when has_enough_units then {{ variance_of('cuped_sum', 'cuped_squares', 'units') }} / units end
            as cuped_variance,
        case
            when has_enough_units
                then {{ variance_of('control_cuped_sum', 'control_cuped_squares', 'control_units') }} / control_units
        end as control_cuped_variance
    from adjusted

),

described as (

    select
        *,
        mean - control_mean as difference,
        sqrt(variance + control_variance) as standard_error,
        {{ welch_degrees('variance', 'units', 'control_variance', 'control_units') }} as degrees,
        sqrt(cuped_variance + control_cuped_variance) as cuped_standard_error,
        {{ welch_degrees('cuped_variance', 'units', 'control_cuped_variance', 'control_units') }} as cuped_degrees
    from estimated

)

select * from described
