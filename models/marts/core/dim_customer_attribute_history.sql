with

contacts as (

    select * from {{ ref('int_contacts') }}

),

compared as (

    select
        contact_id,
        attribute_name,
        attribute_value,
        valid_from,
        lag(attribute_value) over versions as previous_value
    from {{ ref('stg_customer_attributes') }}
    window versions as (partition by contact_id, attribute_name order by valid_from)

),

-- The first value, and every one that differs from the one before; no value is a value then.
changes as (

    select * from compared
    where attribute_value is distinct from previous_value

),

spans as (

    select
        contacts.customer_id,
        changes.contact_id,
        changes.attribute_name,
        cast(row_number() over life as {{ dbt.type_bigint() }}) as span_number,
        changes.attribute_value,
        changes.previous_value,
        changes.valid_from,
        lead(changes.valid_from) over life as valid_to
    from changes
    inner join contacts
        on changes.contact_id = contacts.contact_id
    window life as (partition by changes.contact_id, changes.attribute_name order by changes.valid_from)

)

select * from spans
