{{ config(materialized='table') }}

{{ after('changed_anything') }}
with

{{ latest_version(ref('base_identity_links'), fault='_fault') }},

typed as (

    select
        -- ids
        link_id,
        source_id,
        target_id,
        root_id,

        -- strings
        link_type,

        -- dates and timestamps
        linked_at,

        -- accounting
        _loaded_at,
        _source_file,
        _versions
    from latest

)

select * from typed
