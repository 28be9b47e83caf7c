{{ config(
    materialized='incremental',
    touched_when=[['contact_id', 'rows of customers']]
) }}
{%- do check_personal_attributes() %}

with

{{ every_version(ref('base_customers'), version_time='updated_at', first_time='registered_at') }},

attributes as (

    {{ attribute_names(customer_attributes(), 'customers') }}

),

-- E-mail addresses and what else identifies a person are hashed here.
described as (

    select
        -- ids
        lasting.customer_id as contact_id,

        -- strings
        attributes.attribute_name,
        {{ attribute_value(customer_attributes(), 'customers') }} as attribute_value,

        -- booleans
        attributes.is_company_column,
        lasting._version = 1 as is_latest,
        lasting._versions = 1 as is_only_version,

        -- dates and timestamps
        lasting.valid_from
    from lasting
    cross join attributes

)

-- The columns of accounts must be known too, so that a misspelt name of a personal one is noticed:
-- depends_on: {{ ref('raw_accounts') }}
select * from described
