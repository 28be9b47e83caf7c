with

{{ latest_version(ref('raw_experiment_assignments')) }},

typed as (

    select
        -- ids
        experiment_id,
        customer_id,
        anonymous_id,

        -- strings
        variant,

        -- dates and timestamps
        assigned_at,
        exposed_at,

        -- accounting
        _loaded_at,
        _source_file,
        _versions
    from latest

)

select * from typed
