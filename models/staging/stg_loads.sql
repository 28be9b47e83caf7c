with

{{ latest_version(ref('raw_loads')) }},

typed as (

    select
        -- ids
        load_id,

        -- strings
        table_name,
        source_file,
        content_hash,

        -- numerics
        row_count,

        -- dates and timestamps
        loaded_at,

        -- accounting
        _loaded_at,
        _source_file,
        _versions
    from latest

)

select * from typed
