{{ config(materialized='table') }}

with

{{ latest_version(ref('raw_customers'), version_time='updated_at') }},

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
        _versions
    from latest

)

select * from typed
