with

campaigns as (

    select * from {{ ref('stg_campaigns') }}

),

mentioned as (

    select campaign_id from campaigns
    union
    select id as campaign_id from {{ ref('int_mentions') }}
    where id_kind = 'campaign'
    union
    select campaign_id from {{ ref('stg_marketing_spend') }}
    union
    select campaign_id from {{ ref('stg_experiments') }}

),

described as (

    select
        mentioned.campaign_id,
        campaigns.campaign_name,
        coalesce(channels.channel, 'unknown') as channel,
        coalesce(channels.channel_group, 'unknown') as channel_group,
        campaigns.objective,
        campaigns.target_stage,
        campaigns.target_segment,
        campaigns.offer_type,
        campaigns.discount_rate,
        campaigns.category,
        campaigns.budget_amount,
        campaigns.starts_at,
        campaigns.ends_at,
        campaigns.campaign_id is null as is_inferred
    from mentioned
    left join campaigns
        on mentioned.campaign_id = campaigns.campaign_id
    left join {{ ref('channels') }} as channels
        on campaigns.channel = channels.channel
    where mentioned.campaign_id is not null

)

select * from described
