{{ config(
    materialized='incremental',
    touched_when=[
        ['contact_id', 'contacts'],
        ['contact_id', 'rows of customers'],
    ]
) }}

with

contacts as (

    select * from {{ ref('int_contacts') }}
    where {{ touched() }}

),

sources as (

    select * from {{ ref('stg_customers') }}

),

described as (

    select
        contacts.contact_id,
        contacts.customer_id,
        contacts.root_contact_id,
        sources.customer_id is null as is_inferred,
        contacts.contact_id != contacts.root_contact_id as is_merged,
        {{ pii_hash('sources.email') }} as email_hash,
        sources.country,
        sources.region,
        sources.registered_at
    from contacts
    left join sources
        on contacts.contact_id = sources.customer_id

)

select * from described
