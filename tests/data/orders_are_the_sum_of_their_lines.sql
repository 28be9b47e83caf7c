-- Proves, by two routes to one number, that an order with lines is worth what its lines are worth:
-- goods, discounts, net sales, and cost where it is known of every line.
with

orders as (

    select * from {{ ref('fct_orders') }}

),

line_totals as (

    select
        order_id,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(net_sales_amount) as net_sales_amount,
        case when count(cost_amount) = count(*) then sum(cost_amount) end as cost_amount
    from {{ ref('fct_order_items') }}
    group by order_id

)

select
    orders.order_id,
    orders.gross_amount,
    line_totals.gross_amount as gross_amount_of_lines,
    orders.discount_amount,
    line_totals.discount_amount as discount_amount_of_lines,
    orders.net_sales_amount,
    line_totals.net_sales_amount as net_sales_amount_of_lines
from orders
left join line_totals
    on orders.order_id = line_totals.order_id
where
    orders.has_items != (line_totals.order_id is not null)
    or orders.gross_amount != line_totals.gross_amount
    or orders.discount_amount != line_totals.discount_amount
    or orders.net_sales_amount != line_totals.net_sales_amount
    or (line_totals.order_id is not null and orders.cost_amount is distinct from line_totals.cost_amount)
