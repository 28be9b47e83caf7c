{%- set bigint = dbt.type_bigint() -%}
with

experiments as (

    select * from {{ ref('stg_experiments') }}

),

metrics as (

    select * from {{ ref('experiment_metrics') }}

),

compared as (

    select
        comparisons.*,
        experiments.campaign_id,
        experiments.factor,
        experiments.planned_sample,
        experiments.ends_at is null as is_open,
        coalesce({{ add_days('experiments.ends_at', 'metrics.to_days') }} <= as_of.as_of, false) as is_over,
        metrics.better,
        comparisons.measure in ('order', 'interaction') as is_share,
        case
            when comparisons.measure in ('order', 'interaction')
                then comparisons.difference / nullif(sqrt(comparisons.common_variance), 0)
            else {{ normal_of_t(
                '(comparisons.difference / nullif(comparisons.standard_error, 0))', 'comparisons.degrees'
            ) }}
        end as z,
        comparisons.difference / nullif(comparisons.standard_error, 0) as always_valid_z,
        {{ normal_of_t(
            '(comparisons.cuped_difference / nullif(comparisons.cuped_standard_error, 0))', 'comparisons.cuped_degrees'
        ) }} as cuped_z,
        case
            when comparisons.measure in ('order', 'interaction') then {{ z_of_95_percent() }}
            else {{ t_of_95_percent('comparisons.degrees') }}
        end as reach,
        {{ t_of_95_percent('comparisons.cuped_degrees') }} as cuped_reach,
        {{ always_valid_weight(
            '(comparisons.units + comparisons.control_units)',
            'coalesce(nullif(experiments.planned_sample, 0), ' ~ var('always_valid_sample') ~ ')'
        ) }} as weight
    from {{ ref('int_experiment_comparisons') }} as comparisons
    inner join experiments
        on comparisons.experiment_id = experiments.experiment_id
    inner join metrics
        on comparisons.metric = metrics.metric
    cross join {{ ref('int_as_of') }} as as_of

),

bounded as (

    select
        *,
        {{ always_valid_reach('weight') }} as always_valid_reach,
        {{ to_bound(difference_bound('compared', 'low')) }} as difference_low,
        {{ to_bound(difference_bound('compared', 'high')) }} as difference_high,
        difference / nullif(control_mean, 0) as lift,
        sqrt(
            variance / nullif(control_mean * control_mean, 0)
            + control_variance * mean * mean
            / nullif(control_mean * control_mean * control_mean * control_mean, 0)
        ) as lift_standard_error,
        {{ to_bound(normal_p_value('z')) }} as p_value,
        {{ to_bound(normal_p_value('cuped_z')) }} as cuped_p_value,
        {{ to_bound(always_valid_p_value('always_valid_z', 'weight')) }} as always_valid_p_value
    from compared

),

-- One test decides, chosen by the plan and not by what is seen.
decided as (

    select
        *,
        case when is_open then always_valid_p_value else p_value end as deciding_p_value,
        case when segment <> 'all' then 'segments' when is_primary then 'primary' else 'others' end as family
    from bounded

),

ranked as (

    select
        *,
        count(deciding_p_value) over (partition by experiment_id, family) as tests,
        row_number() over (
            partition by experiment_id, family
            order by
                deciding_p_value asc nulls last,
                {{ sortable('segment') }} asc,
                {{ sortable('metric') }} asc,
                {{ sortable('variant') }} asc
        ) as place
    from decided

),

-- Holm (1979): the smallest of m p-values counts m times, the next m - 1 times, and none less than one before.
corrected as (

    select
        *,
        case
            when deciding_p_value is not null
                then least(
                    1,
                    max((tests - place + 1) * deciding_p_value) over (
                        partition by experiment_id, family order by place
                        rows between unbounded preceding and current row
                    )
                )
        end as adjusted_p_value
    from ranked

),

described as (

    select
        corrected.experiment_id,
        corrected.campaign_id,
        corrected.factor,
        corrected.segment,
        corrected.variant,
        corrected.control_variant,
        corrected.metric,
        corrected.is_primary,
        corrected.is_over,
        {{ experiment_verdict('corrected', 'splits') }} as verdict,
        splits.assigned_units,
        splits.exposed_units,
        splits.crossed_units,
        splits.split_p_value,
        splits.exposure_p_value,
        cast(corrected.units as {{ bigint }}) as units,
        cast(corrected.control_units as {{ bigint }}) as control_units,
        {{ to_total('corrected.value_sum') }} as value_sum,
        {{ to_total('corrected.control_value_sum') }} as control_value_sum,
        {{ to_bound('corrected.mean') }} as mean,
        {{ to_bound('corrected.control_mean') }} as control_mean,
        {{ to_bound('corrected.difference') }} as difference,
        corrected.difference_low,
        corrected.difference_high,
        {{ to_bound('corrected.lift') }} as lift_ratio,
        {{ to_bound(lift_bound('corrected', 'low')) }} as lift_low_ratio,
        {{ to_bound(lift_bound('corrected', 'high')) }} as lift_high_ratio,
        corrected.p_value,
        {{ to_bound('corrected.cuped_difference') }} as cuped_difference,
        {{ to_bound('corrected.cuped_difference - corrected.cuped_reach * corrected.cuped_standard_error') }}
            as cuped_difference_low,
        {{ to_bound('corrected.cuped_difference + corrected.cuped_reach * corrected.cuped_standard_error') }}
            as cuped_difference_high,
        corrected.cuped_p_value,
        {{ to_bound('corrected.difference - corrected.always_valid_reach * corrected.standard_error') }}
            as always_valid_difference_low,
        {{ to_bound('corrected.difference + corrected.always_valid_reach * corrected.standard_error') }}
            as always_valid_difference_high,
        {{ to_bound('corrected.lift - corrected.always_valid_reach * corrected.lift_standard_error') }}
            as always_valid_lift_low_ratio,
        {{ to_bound('corrected.lift + corrected.always_valid_reach * corrected.lift_standard_error') }}
            as always_valid_lift_high_ratio,
        corrected.always_valid_p_value,
        {{ to_bound('corrected.adjusted_p_value') }} as adjusted_p_value
    from corrected
    left join {{ ref('int_experiment_splits') }} as splits
        on corrected.experiment_id = splits.experiment_id

)

select * from described
