{{ config(materialized='view', enabled=var('snapshot_customers') and not var('as_of')) }}

with

contacts as (

    select
        customer_id as contact_id,
        account_id,
        customer_type,
        {{ pii_hash('email') }} as email_hash,
        country,
        region,
        acquisition_channel
    from {{ ref('stg_customers') }}

)

select * from contacts
