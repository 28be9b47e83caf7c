{{ config(
    materialized='incremental',
    touched_when=[
        ['assignment_key', 'rows of experiment_assignments'],
        ['contact_id', 'contacts'],
        ['anonymous_id', 'devices'],
    ]
) }}

with

assignments as (

    select
        _row_key as assignment_key,
        experiment_id,
        variant,
        customer_id as contact_id,
        anonymous_id,
        assigned_at,
        exposed_at
    from {{ ref('stg_experiment_assignments') }}

),

touched as (

    select * from assignments
    where {{ touched() }}

),

devices as (

    select * from {{ ref('int_identities') }}
    where source_kind = 'anonymous'

),

-- As with interactions: a known customer first, else whoever is logged in at that time.
resolved as (

    select
        touched.assignment_key,
        touched.experiment_id,
        coalesce(contacts.customer_id, devices.customer_id) as customer_id,
        touched.variant,
        touched.contact_id,
        touched.anonymous_id,
        touched.assigned_at,
        touched.exposed_at
    from touched
    left join {{ ref('int_contacts') }} as contacts
        on touched.contact_id = contacts.contact_id
    left join devices
        on
            touched.anonymous_id = devices.source_id
            and touched.contact_id is null
            and touched.assigned_at >= devices.valid_from
            and (touched.assigned_at < devices.valid_to or devices.valid_to is null)

)

select * from resolved
