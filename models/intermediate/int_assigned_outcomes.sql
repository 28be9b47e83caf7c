{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

assignments as (

    select
        *,
        row_number() over (
            partition by experiment_id, customer_id order by assigned_at, {{ sortable('variant') }}
        ) as place
    from {{ ref('int_experiment_assignments') }}
    where {{ touched() }}

),

-- By the arm that was drawn first, whatever became of it: whom a contact reached is no chance.
units as (

    select
        experiment_id,
        customer_id,
        variant,
        assigned_at,
        {{ add_days('assigned_at', var('campaign_window_days')) }} as window_ends_at
    from assignments
    where place = 1

),

moments as (

    select * from {{ ref('int_purchase_moments') }}
    where {{ touched() }}

),

described as (

    select
        units.experiment_id,
        units.customer_id,
        units.variant,
        units.assigned_at,
        units.window_ends_at,
        count(moments.customer_id) > 0 as has_ordered,
        {{ as_total('coalesce(sum(moments.net_amount), 0)') }} as net_amount
    from units
    left join moments
        on
            units.customer_id = moments.customer_id
            and units.assigned_at < moments.purchased_at
            and units.window_ends_at > moments.purchased_at
    group by
        units.experiment_id,
        units.customer_id,
        units.variant,
        units.assigned_at,
        units.window_ends_at

)

select * from described
