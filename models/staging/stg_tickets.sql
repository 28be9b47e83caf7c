{{ config(
    materialized='incremental',
    touched_when=[['ticket_id', 'rows of tickets']]
) }}

{{ after('changed_ids') }}
with

{{ latest_version(ref('base_tickets'), fault='_fault') }},

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
        _load_id,
        _versions
    from latest

)

select * from typed
