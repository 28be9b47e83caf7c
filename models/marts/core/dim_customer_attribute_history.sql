{{ config(
    materialized='incremental',
    touched_when=[['contact_id', 'rows of customers'], ['contact_id', 'contacts']]
) }}

with

said as (

    select * from {{ ref('stg_customer_attributes') }}
    where {{ touched() }}

),

contacts as (

    select * from {{ ref('int_contacts') }}

),

-- Most contacts have one version: nothing to compare, nothing to sort.
single_spans as (

    select
        contact_id,
        attribute_name,
        cast(1 as {{ dbt.type_bigint() }}) as span_number,
        attribute_value,
        cast(null as {{ dbt.type_string() }}) as previous_value,
        valid_from,
        cast(null as {{ dbt.type_timestamp() }}) as valid_to
    from said
    where
        is_only_version
        and attribute_value is not null

),

compared as (

    select
        contact_id,
        attribute_name,
        attribute_value,
        valid_from,
        lag(attribute_value) over versions as previous_value
    from said
    where not is_only_version
    window versions as (partition by contact_id, attribute_name order by valid_from)

),

-- The first value, and every one that differs from the one before; no value is a value then.
changes as (

    select * from compared
    where attribute_value is distinct from previous_value

),

changing_spans as (

    select
        contact_id,
        attribute_name,
        cast(row_number() over life as {{ dbt.type_bigint() }}) as span_number,
        attribute_value,
        previous_value,
        valid_from,
        lead(valid_from) over life as valid_to
    from changes
    window life as (partition by contact_id, attribute_name order by valid_from)

),

spans as (

    select * from single_spans
    union all
    select * from changing_spans

),

described as (

    select
        contacts.customer_id,
        spans.contact_id,
        spans.attribute_name,
        spans.span_number,
        spans.attribute_value,
        spans.previous_value,
        spans.valid_from,
        spans.valid_to
    from spans
    inner join contacts
        on spans.contact_id = contacts.contact_id

)

select * from described
