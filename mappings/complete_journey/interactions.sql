-- A campaign that reached a household, and a coupon that a household redeemed. A household can
-- be in several campaigns at once: one row each. A redemption names no basket, and its code stands
-- for many products (coupons.parquet): it belongs to the basket of the household's day that holds
-- one of them, else, and of several, to the largest.
with

mailings as (

    select
        'mailing-' || campaigns.campaign_id || '-' || campaigns.household_id as interaction_id,
        cast(campaigns.household_id as varchar) as customer_id,
        cast(campaign_descriptions.start_date as timestamp) as occurred_locally_at,
        'direct_mail_sent' as interaction_type,
        'direct_mail' as channel,
        cast(campaigns.campaign_id as varchar) as campaign_id,
        cast(null as varchar) as order_id,
        cast(null as varchar) as properties
    from campaigns
    left join campaign_descriptions using (campaign_id)

),

redeemed as (

    select
        household_id,
        campaign_id,
        coupon_upc,
        cast(cast(redemption_date as timestamp) as date) as redeemed_on
    from coupon_redemptions

),

baskets as (

    select
        household_id,
        basket_id,
        cast(
            cast(min(transaction_timestamp) as timestamp) at time zone 'UTC' at time zone 'America/New_York' as date
        ) as bought_on,
        sum(cast(sales_value as decimal(18, 4))) as sales_amount
    from transactions
    where household_id in (select redeemed.household_id from redeemed)
    group by household_id, basket_id

),

covered as (

    select distinct
        transactions.basket_id,
        coupons.campaign_id,
        coupons.coupon_upc
    from transactions
    inner join coupons using (product_id)
    where transactions.household_id in (select redeemed.household_id from redeemed)

),

placed as (

    select
        redeemed.*,
        baskets.basket_id,
        row_number() over (
            partition by redeemed.household_id, redeemed.campaign_id, redeemed.coupon_upc, redeemed.redeemed_on
            order by covered.basket_id is null, baskets.sales_amount desc, baskets.basket_id
        ) as place
    from redeemed
    left join baskets
        on redeemed.household_id = baskets.household_id and redeemed.redeemed_on = baskets.bought_on
    left join covered
        on
            baskets.basket_id = covered.basket_id
            and redeemed.campaign_id = covered.campaign_id
            and redeemed.coupon_upc = covered.coupon_upc

),

redemptions as (

    select
        concat_ws('-', 'coupon', campaign_id, household_id, coupon_upc, redeemed_on) as interaction_id,
        cast(household_id as varchar) as customer_id,
        cast(redeemed_on as timestamp) as occurred_locally_at,
        'coupon_redeemed' as interaction_type,
        'store' as channel,
        cast(campaign_id as varchar) as campaign_id,
        cast(basket_id as varchar) as order_id,
        cast(json_object('coupon_upc', cast(coupon_upc as varchar)) as varchar) as properties
    from placed
    where place = 1

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
    order_id,
    properties
from touches
