{{ config(
    materialized='incremental',
    touched_when=[['interaction_id', 'rows of interactions']]
) }}

{{ after('changed_ids') }}
with

{{ latest_version(ref('base_interactions'), fault='_fault') }},

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
        interaction_type,
        channel,
        utm_source,
        utm_medium,
        utm_campaign,
        currency,
        properties,

        -- numerics
        amount,

        -- dates and timestamps
        occurred_at,

        -- accounting
        _loaded_at,
        _source_file,
        _load_id,
        _versions
    from latest

)

select * from typed
