-- Proves that the revenue of every campaign is, to the cent, the revenue events of the sales that name
-- it, refunds included, that a sale which names a campaign itself is that campaign's, and that segments
-- and stages add up to their campaign.
with

named_by_orders as (

    select
        orders.campaign_id,
        sum(events.amount) as amount
    from {{ ref('fct_revenue_events') }} as events
    inner join {{ ref('fct_orders') }} as orders
        on events.order_id = orders.order_id
    where orders.campaign_id is not null
    group by orders.campaign_id

),

named_by_coupons as (

    select
        campaign_orders.campaign_id,
        sum(events.amount) as amount
    from {{ ref('fct_revenue_events') }} as events
    inner join {{ ref('fct_campaign_orders') }} as campaign_orders
        on events.order_id = campaign_orders.order_id
    where campaign_orders.named_by = 'coupon'
    group by campaign_orders.campaign_id

),

by_segment as (

    select
        campaign_id,
        sum(net_amount) as amount,
        sum(contacted_customers) as contacted_customers
    from {{ ref('kpi_campaign_segments') }}
    group by campaign_id

)

select
    campaigns.campaign_id,
    campaigns.net_amount,
    by_segment.amount as amount_by_segment,
    coalesce(named_by_orders.amount, 0) + coalesce(named_by_coupons.amount, 0) as amount_of_events
from {{ ref('kpi_campaigns') }} as campaigns
left join named_by_orders
    on campaigns.campaign_id = named_by_orders.campaign_id
left join named_by_coupons
    on campaigns.campaign_id = named_by_coupons.campaign_id
left join by_segment
    on campaigns.campaign_id = by_segment.campaign_id
where
    campaigns.net_amount != coalesce(named_by_orders.amount, 0) + coalesce(named_by_coupons.amount, 0)
    or campaigns.net_amount != coalesce(by_segment.amount, 0)
    or campaigns.contacted_customers != coalesce(by_segment.contacted_customers, 0)
