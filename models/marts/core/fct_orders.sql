{{ config(
    materialized='incremental',
    touched_when=[
        ['order_id', 'orders'],
        ['customer_id', 'buyers'],
    ]
) }}

with

orders as (

    select * from {{ ref('int_orders') }}
    where {{ touched() }}

),

moments as (

    select * from {{ ref('int_purchase_moments') }}

),

channels as (

    select * from {{ ref('channels') }}

),

described as (

    select
        orders.order_id,
        orders.customer_id,
        orders.contact_id,
        orders.campaign_id,
        case when orders.is_mapped_status then orders.status else 'unknown' end as status,
        coalesce(channels.channel, 'unknown') as sales_channel,
        coalesce(channels.channel_group, 'unknown') as sales_channel_group,
        orders.payment_method,
        orders.coupon_code,
        orders.currency,
        orders.rate_to_reporting,
        orders.has_items,
        orders.is_cancelled,
        orders.is_test,
        orders.is_guest,
        orders.is_sale,
        orders.is_valid_order,
        moments.moment_number as purchase_number,
        orders.gross_amount,
        orders.discount_amount,
        orders.net_sales_amount,
        orders.refund_amount,
        orders.net_amount,
        orders.cost_amount,
        {{ as_money('orders.net_amount - orders.cost_amount') }} as margin_amount,
        orders.shipping_amount,
        orders.tax_amount,
        orders.units,
        orders.ordered_at,
        orders.ordered_on,
        orders.cancelled_at
    from orders
    left join moments
        on
            orders.customer_id = moments.customer_id
            and orders.ordered_at = moments.purchased_at
            and orders.is_valid_order
    left join channels
        on orders.sales_channel = channels.channel

)

select * from described
