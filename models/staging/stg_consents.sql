with

{{ latest_version(ref('raw_consents')) }},

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
        _versions
    from latest

)

select * from typed
