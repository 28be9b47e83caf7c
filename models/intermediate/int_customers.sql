{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

identities as (

    select * from {{ ref('int_identities') }}
    where {{ touched() }}

),

-- All contacts of an account agree on what the account is.
customers as (

    select
        customer_id,
        min(customer_kind) as customer_kind,
        min(customer_type) as customer_type,
        max(case when is_shared_device then 1 else 0 end) = 1 as is_shared_device
    from identities
    group by customer_id

)

select * from customers
