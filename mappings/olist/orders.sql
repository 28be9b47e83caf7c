-- One row per order. Freight is a property of the lines in the source and the shipping of the
-- order here. The 154 orders without lines have no gross amount: what was paid for them cannot
-- be split into goods and freight. Times are local to São Paulo.
with

freight as (

    select
        order_id,
        sum(cast(freight_value as decimal(18, 4))) as shipping_amount
    from order_items
    group by order_id

),

-- Several payments of one order: the largest names the method.
payments as (

    select
        order_id,
        arg_max(
            payment_type,
            (cast(payment_value as decimal(18, 4)), -cast(payment_sequential as integer))
        ) as payment_method
    from order_payments
    group by order_id

)

select
    orders.order_id,
    customers.customer_unique_id as customer_id,
    cast(orders.order_purchase_timestamp as timestamp)
        at time zone 'America/Sao_Paulo' at time zone 'UTC' as ordered_at,
    orders.order_status as status,
    'marketplace' as sales_channel,
    payments.payment_method,
    'BRL' as currency,
    cast(freight.shipping_amount as decimal(18, 4)) as shipping_amount,
    cast(orders.order_approved_at as timestamp)
        at time zone 'America/Sao_Paulo' at time zone 'UTC' as x_approved_at,
    cast(orders.order_delivered_customer_date as timestamp)
        at time zone 'America/Sao_Paulo' at time zone 'UTC' as x_delivered_at,
    cast(orders.order_estimated_delivery_date as timestamp)
        at time zone 'America/Sao_Paulo' at time zone 'UTC' as x_estimated_delivery_at
from orders
left join customers using (customer_id)
left join freight using (order_id)
left join payments using (order_id)
