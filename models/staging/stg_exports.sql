with

{{ latest_version(ref('raw_exports')) }},

typed as (

    select
        -- ids
        export_id,
        experiment_id,

        -- strings
        audience,
        action_code,
        offer_type,
        channel,
        build_hash,
        file_hash,
        folder,

        -- numerics
        contact_rows,
        holdout_rows,

        -- dates and timestamps
        as_of,
        exported_at,

        -- accounting
        _loaded_at,
        _source_file,
        _versions
    from latest

)

select * from typed
