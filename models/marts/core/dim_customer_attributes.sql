{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

contacts as (

    select * from {{ ref('int_contacts') }}
    where {{ touched() }}

),

customers as (

    select * from {{ ref('int_customers') }}
    where {{ touched() }}

),

of_contacts as (

    select
        contacts.customer_id,
        attributes.contact_id,
        'customers' as source_table,
        attributes.attribute_name,
        attributes.attribute_value
    from {{ ref('stg_customer_attributes') }} as attributes
    inner join contacts
        on attributes.contact_id = contacts.contact_id
    where
        attributes.is_company_column
        and attributes.is_latest
        and attributes.attribute_value is not null

),

-- An account that nobody buys for is no customer; its columns wait in staging until somebody does.
of_accounts as (

    select
        customers.customer_id,
        cast(null as {{ dbt.type_string() }}) as contact_id,
        'accounts' as source_table,
        attributes.attribute_name,
        attributes.attribute_value
    from {{ ref('stg_account_attributes') }} as attributes
    inner join customers
        on 'account:' || attributes.account_id = customers.customer_id
    where attributes.attribute_value is not null

),

attributes as (

    select * from of_contacts
    union all
    select * from of_accounts

)

select * from attributes
