{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

arms as (

    select
        experiment_id,
        customer_id,
        {{ sortable('variant') }} as variant,
        min(assigned_at) as assigned_at,
        min(exposed_at) as exposed_at
    from {{ ref('int_experiment_assignments') }}
    where {{ touched() }}
    group by experiment_id, customer_id, {{ sortable('variant') }}

),

units as (

    select
        experiment_id,
        customer_id,
        min(variant) as variant,
        count(*) as variants,
        min(assigned_at) as assigned_at,
        min(exposed_at) as exposed_at
    from arms
    group by experiment_id, customer_id

),

-- What a unit saw first counts, however many of its ids were assigned. Few units have several arms to sort.
crossed as (

    select
        arms.experiment_id,
        arms.customer_id,
        arms.variant,
        row_number() over (
            partition by arms.experiment_id, arms.customer_id
            order by arms.exposed_at asc nulls last, arms.assigned_at asc, arms.variant asc
        ) as place
    from arms
    inner join units
        on
            arms.experiment_id = units.experiment_id
            and arms.customer_id = units.customer_id
    where units.variants > 1

),

last_points as (

    select
        units.experiment_id,
        units.customer_id,
        max(points.entered_at) as entered_at
    from units
    inner join {{ ref('int_segment_points') }} as points
        on
            units.customer_id = points.customer_id
            and coalesce(units.exposed_at, units.assigned_at) > points.entered_at
    group by units.experiment_id, units.customer_id

),

described as (

    select
        units.experiment_id,
        units.customer_id,
        coalesce(crossed.variant, units.variant) as variant,
        units.variants > 1 as is_crossed,
        coalesce(points.segment, 'prospect') as segment,
        units.assigned_at,
        units.exposed_at
    from units
    left join crossed
        on
            units.experiment_id = crossed.experiment_id
            and units.customer_id = crossed.customer_id
            and crossed.place = 1
    left join last_points
        on
            units.experiment_id = last_points.experiment_id
            and units.customer_id = last_points.customer_id
    left join {{ ref('int_segment_points') }} as points
        on
            last_points.customer_id = points.customer_id
            and last_points.entered_at = points.entered_at

)

select * from described
