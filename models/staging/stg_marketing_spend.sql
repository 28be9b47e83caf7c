with

{{ latest_version(ref('base_marketing_spend'), fault='_fault') }},

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
        rate_to_reporting,
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
