with

{{ latest_version(ref('raw_erasures')) }},

typed as (

    select
        -- ids
        request_hash,

        -- strings
        table_name,

        -- numerics
        deleted_rows,
        emptied_rows,

        -- dates and timestamps
        requested_at,
        erased_at,

        -- accounting
        _loaded_at,
        _source_file,
        _versions
    from latest

)

select * from typed
