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
        case when customer_type = 'b2b' then 'b2b' else 'b2c' end as customer_type,
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
