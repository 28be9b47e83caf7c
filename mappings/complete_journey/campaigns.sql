-- One row per campaign. All of them mailed coupons to households of the panel. The days are
-- local, and the last one is included.
select
    cast(campaign_id as varchar) as campaign_id,
    campaign_type || ' ' || campaign_id as campaign_name,
    'direct_mail' as channel,
    'development' as objective,
    'coupon' as offer_type,
    cast(start_date as timestamp) at time zone 'America/New_York' at time zone 'UTC' as starts_at,
    (cast(end_date as timestamp) + interval 1 day)
        at time zone 'America/New_York' at time zone 'UTC' as ends_at
from campaign_descriptions
