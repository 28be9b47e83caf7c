with

{{ latest_version(ref('raw_experiment_variants')) }},

typed as (

    select
        -- ids
        experiment_id,

        -- strings
        variant,

        -- numerics
        expected_share,

        -- accounting
        _loaded_at,
        _source_file,
        _versions
    from latest

)

select * from typed
