-- Proves, by two routes to one number, that the revenue events are the orders: per sale, and so in
-- sum and for the guest bucket, the sale event is its net sales, the refund events are its refunds,
-- and the customer is the same; what is no sale has no event.
with

orders as (

    select * from {{ ref('fct_orders') }}

),

event_totals as (

    select
        order_id,
        sum(case when revenue_event_type = 'sale' then 1 else 0 end) as sales,
        sum(case when revenue_event_type = 'sale' then amount else 0 end) as sale_amount,
        -sum(case when revenue_event_type = 'refund' then amount else 0 end) as refund_amount,
        min(customer_id) as customer_id,
        max(customer_id) as last_customer_id,
        max(case when is_guest then 1 else 0 end) as is_guest
    from {{ ref('fct_revenue_events') }}
    where order_id is not null
    group by order_id

)

select
    coalesce(orders.order_id, event_totals.order_id) as order_id,
    orders.is_sale,
    event_totals.sales,
    orders.net_sales_amount,
    event_totals.sale_amount,
    orders.refund_amount,
    event_totals.refund_amount as refund_amount_of_events
from orders
full outer join event_totals
    on orders.order_id = event_totals.order_id
where
    orders.order_id is null
    or orders.is_sale != (event_totals.order_id is not null)
    or event_totals.sales != 1
    or event_totals.sale_amount != orders.net_sales_amount
    or event_totals.refund_amount != orders.refund_amount
    or (orders.is_sale and event_totals.customer_id is distinct from orders.customer_id)
    or (orders.is_sale and event_totals.last_customer_id is distinct from orders.customer_id)
    or (event_totals.is_guest = 1) != orders.is_guest
