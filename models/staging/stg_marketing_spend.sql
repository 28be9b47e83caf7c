with

{{ latest_version(ref('raw_marketing_spend')) }},

typed as (

    select
        -- ids
        campaign_id,

        -- strings
        channel,
        objective,
        currency,

        -- numerics
        amount,
        impressions,
        clicks,

        -- dates and timestamps
        spend_on,

        -- accounting
        _loaded_at,
        _source_file,
        _versions
    from latest

)

select * from typed
