with

{{ latest_version(ref('raw_experiments')) }},

typed as (

    select
        -- ids
        experiment_id,
        campaign_id,

        -- strings
        segment,
        factor,
        control_variant,
        primary_metric,

        -- numerics
        planned_sample,

        -- dates and timestamps
        starts_at,
        ends_at,

        -- accounting
        _loaded_at,
        _source_file,
        _versions
    from latest

)

select * from typed
