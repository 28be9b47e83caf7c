{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

assignments as (

    select
        *,
        row_number() over (
            partition by experiment_id, customer_id
            order by exposed_at asc nulls last, assigned_at asc, {{ sortable('variant') }} asc
        ) as place
    from {{ ref('int_experiment_assignments') }}
    where {{ touched() }}

),

-- What a unit saw first counts, however many of its ids were assigned.
units as (

    select
        experiment_id,
        customer_id,
        min(case when place = 1 then {{ sortable('variant') }} end) as variant,
        count(distinct variant) as variants,
        min(assigned_at) as assigned_at,
        min(exposed_at) as exposed_at
    from assignments
    group by experiment_id, customer_id

),

points as (

    select
        units.experiment_id,
        units.customer_id,
        points.segment,
        row_number() over (
            partition by units.experiment_id, units.customer_id order by points.entered_at desc
        ) as place
    from units
    inner join {{ ref('int_segment_points') }} as points
        on
            units.customer_id = points.customer_id
            and coalesce(units.exposed_at, units.assigned_at) > points.entered_at

),

described as (

    select
        units.experiment_id,
        units.customer_id,
        units.variant,
        units.variants > 1 as is_crossed,
        coalesce(points.segment, 'prospect') as segment,
        units.assigned_at,
        units.exposed_at
    from units
    left join points
        on
            units.experiment_id = points.experiment_id
            and units.customer_id = points.customer_id
            and points.place = 1

)

select * from described
