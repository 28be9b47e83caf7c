{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'rows of customers']]
) }}

{{ after('changed_ids') }}
with

{{ latest_version(ref('base_customers'), version_time='updated_at', fault='_fault') }},

typed as (

    select
        -- ids
        customer_id,
        account_id,
        referrer_customer_id,

        -- strings
        {{ known_customer_type() }} as customer_type,
        email,
        country,
        region,
        acquisition_channel,

        -- dates and timestamps
        registered_at,
        updated_at,

        -- accounting
        _loaded_at,
        _source_file,
        _load_id,
        _versions
    from latest

)

select * from typed
