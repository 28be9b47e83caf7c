with

{{ latest_version(ref('raw_erasure_requests')) }},

typed as (

    select
        -- ids
        request_id,
        customer_id,

        -- dates and timestamps
        requested_at,

        -- accounting
        _loaded_at,
        _source_file,
        _versions
    from latest

)

select * from typed
