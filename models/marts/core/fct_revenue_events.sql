{{ config(
    materialized='incremental',
    touched_when=[
        ['order_id', 'orders'],
        ['refund_id', 'rows of refunds'],
        ['customer_id', 'buyers', 'order_id is null'],
    ]
) }}

with

orders as (

    select * from {{ ref('int_orders') }}
    where is_sale

),

refunds as (

    select * from {{ ref('stg_refunds') }}

),

contacts as (

    select * from {{ ref('int_contacts') }}

),

sales as (

    select
        'sale:' || order_id as revenue_event_id,
        'sale' as revenue_event_type,
        customer_id,
        order_id,
        cast(null as {{ dbt.type_string() }}) as refund_id,
        is_guest,
        is_valid_order,
        net_sales_amount as amount,
        ordered_at as occurred_at,
        ordered_on as occurred_on
    from orders

),

-- Added up order by order: what is refunded by then, less what was before.
refunds_by_then as (

    select
        refund_id,
        order_id,
        refunded_at,
        cast(
            sum(amount) over (
                partition by order_id
                order by refunded_at asc, {{ sortable('refund_id') }} asc
                rows between unbounded preceding and current row
            ) as decimal(28, 8)
        ) as refunded,
        amount
    from refunds
    where {{ is_touched('order_id', 'orders') }}

),

refunds_of_sales as (

    select
        'refund:' || refunds.refund_id as revenue_event_id,
        'refund' as revenue_event_type,
        orders.customer_id,
        orders.order_id,
        refunds.refund_id,
        orders.is_guest,
        orders.is_valid_order,
        {{ as_money(
            refunded_in_reporting_currency(
                'refunds.refunded - refunds.amount', 'orders.sold_in_currency', 'orders.net_sales_amount',
                'orders.rate_to_reporting'
            )
            ~ ' - '
            ~ refunded_in_reporting_currency(
                'refunds.refunded', 'orders.sold_in_currency', 'orders.net_sales_amount', 'orders.rate_to_reporting'
            )
        ) }} as amount,
        refunds.refunded_at as occurred_at,
        {{ business_date('refunds.refunded_at') }} as occurred_on
    from refunds_by_then as refunds
    inner join orders
        on refunds.order_id = orders.order_id

),

-- Without an order there is no currency to go by: the amount is in the reporting currency. Without
-- a customer either, it is a credit note to the guest bucket.
refunds_without_order as (

    select
        'refund:' || refunds.refund_id as revenue_event_id,
        'refund' as revenue_event_type,
        contacts.customer_id,
        refunds.order_id,
        refunds.refund_id,
        contacts.customer_id is null as is_guest,
        false as is_valid_order,
        {{ as_money('-refunds.amount') }} as amount,
        refunds.refunded_at as occurred_at,
        {{ business_date('refunds.refunded_at') }} as occurred_on
    from refunds
    left join contacts
        on refunds.customer_id = contacts.contact_id
    where refunds.order_id is null

),

revenue_events as (

    select * from sales
    union all
    select * from refunds_of_sales
    union all
    select * from refunds_without_order

)

select * from revenue_events
where {{ touched() }}
