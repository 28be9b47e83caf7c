{{ config(
    materialized='incremental',
    touched_when=[['_row_key', 'rows of consents']]
) }}

{{ after('changed_ids') }}
with

{{ latest_version(ref('base_consents'), fault='_fault') }},

typed as (

    select
        -- ids
        customer_id,

        -- strings
        channel,
        source,

        -- booleans
        is_granted,

        -- dates and timestamps
        recorded_at,

        -- accounting
        _loaded_at,
        _source_file,
        _load_id,
        _row_key,
        _versions
    from latest

)

select * from typed
