with

{{ latest_version(ref('raw_campaigns')) }},

typed as (

    select
        -- ids
        campaign_id,

        -- strings
        campaign_name,
        channel,
        objective,
        target_stage,
        target_segment,
        offer_type,
        category,

        -- numerics
        discount_rate,
        budget_amount,

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
