with

{{ latest_version(ref('raw_exchange_rates')) }},

typed as (

    select
        -- strings
        currency,

        -- numerics
        rate_to_reporting,

        -- dates and timestamps
        rate_on,

        -- accounting
        _loaded_at,
        _source_file,
        _versions
    from latest

)

select * from typed
