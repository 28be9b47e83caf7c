{{ config(materialized='table') }}

with

{{ latest_version(ref('raw_interactions')) }},

typed as (

    select
        -- ids
        interaction_id,
        customer_id,
        anonymous_id,
        campaign_id,
        product_id,
        order_id,
        ticket_id,

        -- strings
        lower(interaction_type) as interaction_type,
        lower(channel) as channel,
        lower(utm_source) as utm_source,
        lower(utm_medium) as utm_medium,
        utm_campaign,
        upper(currency) as currency,
        properties,

        -- numerics
        amount,

        -- dates and timestamps
        occurred_at,

        -- accounting
        _loaded_at,
        _source_file,
        _versions
    from latest

)

select * from typed
