-- A campaign that reached a household, and a coupon that a household redeemed. A household can
-- be in several campaigns at once: one row each. A coupon code stands for many products
-- (coupons.parquet), so redemptions are not joined to products.
with

mailings as (

    select
        'mailing-' || campaigns.campaign_id || '-' || campaigns.household_id as interaction_id,
        cast(campaigns.household_id as varchar) as customer_id,
        cast(campaign_descriptions.start_date as timestamp) as occurred_locally_at,
        'direct_mail_sent' as interaction_type,
        'direct_mail' as channel,
        cast(campaigns.campaign_id as varchar) as campaign_id,
        cast(null as varchar) as properties
    from campaigns
    left join campaign_descriptions using (campaign_id)

),

redemptions as (

    select
        concat_ws(
            '-', 'coupon', campaign_id, household_id, coupon_upc,
            cast(cast(redemption_date as timestamp) as date)
        ) as interaction_id,
        cast(household_id as varchar) as customer_id,
        cast(redemption_date as timestamp) as occurred_locally_at,
        'coupon_redeemed' as interaction_type,
        'store' as channel,
        cast(campaign_id as varchar) as campaign_id,
        cast(json_object('coupon_upc', cast(coupon_upc as varchar)) as varchar) as properties
    from coupon_redemptions

),

touches as (

    select * from mailings
    union all
    select * from redemptions

)

select
    interaction_id,
    customer_id,
    occurred_locally_at at time zone 'America/New_York' at time zone 'UTC' as occurred_at,
    interaction_type,
    channel,
    campaign_id,
    properties
from touches
