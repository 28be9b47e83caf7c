with

experiments as (

    select * from {{ ref('stg_experiments') }}

),

metrics as (

    select * from {{ ref('experiment_metrics') }}

),

primaries as (

    select
        experiments.experiment_id,
        experiments.starts_at,
        experiments.ends_at,
        metrics.metric as primary_metric,
        metrics.goal
    from experiments
    left join metrics
        on experiments.primary_metric = metrics.metric

),

-- An experiment is read by the metrics of its goal; one whose primary metric nobody has mapped by all.
measures as (

    select
        primaries.experiment_id,
        primaries.starts_at,
        primaries.ends_at,
        coalesce(primaries.primary_metric = metrics.metric, false) as is_primary,
        metrics.metric,
        metrics.to_days
    from primaries
    inner join metrics
        on primaries.goal = metrics.goal or primaries.goal is null

),

-- Units that saw one arm while the experiment ran, and whose time for the metric is over.
mature_units as (

    select
        measures.experiment_id,
        units.variant,
        measures.metric,
        measures.is_primary,
        units.segment,
        units.customer_id
    from {{ ref('int_experiment_units') }} as units
    inner join measures
        on
            units.experiment_id = measures.experiment_id
            and units.exposed_at >= measures.starts_at
            and (units.exposed_at < measures.ends_at or measures.ends_at is null)
    inner join {{ ref('int_as_of') }} as as_of
        on {{ add_days('units.exposed_at', 'measures.to_days') }} <= as_of.as_of
    where not units.is_crossed

),

-- An arm that nobody has seen yet is an arm.
planned_arms as (

    select
        measures.experiment_id,
        variants.variant,
        measures.metric,
        measures.is_primary,
        cast(null as {{ dbt.type_string() }}) as segment,
        cast(null as {{ dbt.type_string() }}) as customer_id
    from measures
    inner join {{ ref('stg_experiment_variants') }} as variants
        on measures.experiment_id = variants.experiment_id

),

rows_of_arms as (

    select * from mature_units
    union all
    select * from planned_arms

),

valued as (

    select
        rows_of_arms.*,
        cast(coalesce(outcomes.value, 0) as decimal(19, 4)) as value,
        cast(coalesce(outcomes.covariate, 0) as decimal(19, 4)) as covariate,
        coalesce(outcomes.net_amount, 0) as net_amount,
        coalesce(outcomes.costed_amount, 0) as costed_amount
    from rows_of_arms
    left join {{ ref('int_experiment_outcomes') }} as outcomes
        on
            rows_of_arms.experiment_id = outcomes.experiment_id
            and rows_of_arms.customer_id = outcomes.customer_id
            and rows_of_arms.metric = outcomes.metric

),

segments as (

    select
        experiment_id,
        segment,
        variant,
        metric,
        is_primary,
        count(customer_id) as units,
        sum(value) as value_sum,
        sum(value * value) as value_squares,
        sum(covariate) as covariate_sum,
        sum(covariate * covariate) as covariate_squares,
        sum(value * covariate) as products,
        {{ as_total('sum(net_amount)') }} as net_amount,
        {{ as_total('sum(costed_amount)') }} as costed_amount
    from valued
    group by experiment_id, segment, variant, metric, is_primary

),

arms as (

    select * from segments
    where segment is not null

    union all

    select
        experiment_id,
        'all' as segment,
        variant,
        metric,
        is_primary,
        sum(units) as units,
        sum(value_sum) as value_sum,
        sum(value_squares) as value_squares,
        sum(covariate_sum) as covariate_sum,
        sum(covariate_squares) as covariate_squares,
        sum(products) as products,
        {{ as_total('sum(net_amount)') }} as net_amount,
        {{ as_total('sum(costed_amount)') }} as costed_amount
    from segments
    group by experiment_id, variant, metric, is_primary

)

select * from arms
