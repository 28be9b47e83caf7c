{{ config(
    materialized='incremental',
    touched_when=[
        ['order_id', 'orders'],
        ['customer_id', 'customers'],
    ]
) }}

with

orders as (

    select * from {{ ref('fct_orders') }}
    where
        is_sale
        and {{ touched() }}

),

redemptions as (

    select
        order_id,
        customer_id,
        campaign_id,
        count(*) as redemptions
    from {{ ref('int_interactions') }}
    where
        counts_as = 'redemption'
        and campaign_id is not null
        and {{ touched() }}
    group by order_id, customer_id, campaign_id

),

-- Coupons of several campaigns in one order: the campaign with most of them has it.
ranked as (

    select
        *,
        row_number() over (
            partition by order_id, customer_id
            order by redemptions desc, {{ sortable('campaign_id') }} asc
        ) as place
    from redemptions

),

named as (

    select
        orders.order_id,
        orders.customer_id,
        coalesce(orders.campaign_id, ranked.campaign_id) as campaign_id,
        case when orders.campaign_id is not null then 'order' else 'coupon' end as named_by,
        orders.is_valid_order,
        orders.discount_amount,
        orders.net_amount,
        orders.margin_amount,
        orders.ordered_at
    from orders
    left join ranked
        on
            orders.order_id = ranked.order_id
            and orders.customer_id = ranked.customer_id
            and ranked.place = 1
    where orders.campaign_id is not null or ranked.campaign_id is not null

)

select * from named
