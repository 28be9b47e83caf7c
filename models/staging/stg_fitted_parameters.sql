with

{{ latest_version(ref('raw_fitted_parameters'), version_time='fitted_at') }},

typed as (

    select
        -- strings
        parameter,
        customer_type,
        diagnostics,

        -- numerics
        value,
        sample_size,

        -- dates and timestamps
        cut_off,
        fitted_at,

        -- accounting
        _loaded_at,
        _source_file,
        _versions
    from latest

)

select * from typed
