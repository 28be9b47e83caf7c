{{ config(
    materialized='incremental',
    touched_when=[['order_id', 'orders']]
) }}

with

orders as (

    select * from {{ ref('stg_orders') }}
    where {{ touched() }}

),

contacts as (

    select * from {{ ref('int_contacts') }}

),

statuses as (

    select * from {{ ref('order_statuses') }}

),

item_totals as (

    select
        order_id,
        sum(gross_amount) as gross_amount,
        sum(gross_amount - net_sales_amount) as discount_amount,
        sum(goods_in_currency) as goods_in_currency,
        case when count(cost_amount) = count(*) then sum(cost_amount) end as cost_amount,
        sum(case when is_product then quantity else 0 end) as units
    from {{ ref('int_order_items') }}
    where {{ touched() }}
    group by order_id

),

refund_totals as (

    select
        refunds.order_id,
        sum(refunds.amount) as refunded
    from {{ ref('stg_refunds') }} as refunds
    inner join orders
        on refunds.order_id = orders.order_id
    group by refunds.order_id

),

-- Goods and discounts come from the lines where there are lines, else from the order itself.
valued as (

    select
        orders.*,
        contacts.customer_id as resolved_customer_id,
        item_totals.order_id is not null as has_items,
        coalesce(statuses.is_cancelled, false) or orders.cancelled_at is not null as is_cancelled,
        coalesce(statuses.is_test, false) as is_test,
        statuses.status is not null as is_mapped_status,
        coalesce(
            item_totals.gross_amount,
            {{ in_reporting_currency('coalesce(orders.gross_amount, 0)', 'orders.rate_to_reporting') }}
        ) as goods_amount,
        coalesce(
            item_totals.discount_amount,
            {{ in_reporting_currency('coalesce(orders.discount_amount, 0)', 'orders.rate_to_reporting') }}
        ) as goods_discount_amount,
        item_totals.cost_amount,
        coalesce(item_totals.units, 0) as units,
        cast(
            coalesce(item_totals.goods_in_currency, orders.gross_amount, 0) - coalesce(orders.discount_amount, 0)
            as decimal(28, 8)
        ) as sold,
        cast(coalesce(refund_totals.refunded, 0) as decimal(28, 8)) as refunded
    from orders
    left join contacts
        on orders.customer_id = contacts.contact_id
    left join statuses
        on orders.status = statuses.status
    left join item_totals
        on orders.order_id = item_totals.order_id
    left join refund_totals
        on orders.order_id = refund_totals.order_id

),

refunded as (

    select
        *,
        {{ refunded_in_reporting_currency(
            'refunded', 'sold', 'goods_amount - goods_discount_amount', 'rate_to_reporting'
        ) }}
            as refund_amount
    from valued

),

flagged as (

    select
        order_id,
        resolved_customer_id as customer_id,
        customer_id as contact_id,
        campaign_id,
        status,
        sales_channel,
        payment_method,
        coupon_code,
        currency,
        rate_to_reporting,
        has_items,
        is_cancelled,
        is_test,
        is_mapped_status,
        resolved_customer_id is null as is_guest,
        {{ is_sale('is_cancelled', 'is_test', 'goods_amount - goods_discount_amount') }} as is_sale,
        {{ is_valid_order('is_cancelled', 'is_test', 'goods_amount - goods_discount_amount', 'sold', 'refunded') }}
            as is_valid_order,
        {{ as_money('goods_amount') }} as gross_amount,
        {{ as_money('goods_discount_amount') }} as discount_amount,
        {{ as_money('goods_amount - goods_discount_amount') }} as net_sales_amount,
        {{ as_money('refund_amount') }} as refund_amount,
        {{ as_money('goods_amount - goods_discount_amount - refund_amount') }} as net_amount,
        sold as sold_in_currency,
        {{ as_money('cost_amount') }} as cost_amount,
        {{ in_reporting_currency('shipping_amount', 'rate_to_reporting') }} as shipping_amount,
        {{ in_reporting_currency('tax_amount', 'rate_to_reporting') }} as tax_amount,
        cast(units as decimal(18, 4)) as units,
        ordered_at,
        ordered_on,
        cancelled_at
    from refunded

)

select * from flagged
