{{ config(materialized='table') }}

with

{{ latest_version(ref('raw_tickets')) }},

typed as (

    select
        -- ids
        ticket_id,
        customer_id,

        -- strings
        channel,
        topic,

        -- numerics
        handover_count,

        -- booleans
        is_complaint,

        -- dates and timestamps
        opened_at,
        first_response_at,
        resolved_at,

        -- accounting
        _loaded_at,
        _source_file,
        _versions
    from latest

)

select * from typed
