-- Proves that the open spans of dim_customer_attribute_history say what the latest version of each
-- contact says, in dim_contacts, stg_customers and dim_customer_attributes.
with

known as (

    {% for name in ['email_hash', 'country', 'region'] -%}
    select
        contact_id,
        '{{ name }}' as attribute_name,
        {{ name }} as attribute_value
    from {{ ref('dim_contacts') }}
    where {{ name }} is not null

    union all

    {% endfor -%}
    {% for name in ['account_id', 'customer_type', 'acquisition_channel'] -%}
    select
        customer_id as contact_id,
        '{{ name }}' as attribute_name,
        {{ name }} as attribute_value
    from {{ ref('stg_customers') }}
    where {{ name }} is not null

    union all

    {% endfor -%}
    select
        contact_id,
        attribute_name,
        attribute_value
    from {{ ref('dim_customer_attributes') }}
    where source_table = 'customers'

),

open_spans as (

    select
        contact_id,
        attribute_name,
        attribute_value
    from {{ ref('dim_customer_attribute_history') }}
    where
        valid_to is null
        and attribute_value is not null

),

missing as (

    select * from known
    except
    select * from open_spans

),

invented as (

    select * from open_spans
    except
    select * from known

),

faults as (

    select
        'missing' as fault,
        missing.*
    from missing

    union all

    select
        'invented' as fault,
        invented.*
    from invented

)

select * from faults
