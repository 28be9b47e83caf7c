with

{{ latest_version(ref('raw_marketing_spend')) }},

typed as (

    select
        -- ids
        campaign_id,

        -- strings
        lower(channel) as channel,
        lower(objective) as objective,
        coalesce(upper(currency), '{{ var('reporting_currency') }}') as currency,

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
