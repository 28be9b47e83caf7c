{{ config(materialized='view') }}

with

items as (

    select * from {{ ref('int_order_items') }}

),

orders as (

    select * from {{ ref('int_orders') }}

),

described as (

    select
        items.order_item_id,
        items.order_id,
        orders.customer_id,
        items.product_id,
        items.is_product,
        orders.is_sale,
        orders.is_valid_order,
        items.quantity,
        items.gross_amount,
        items.discount_amount,
        items.net_sales_amount,
        items.cost_amount,
        orders.ordered_at,
        orders.ordered_on
    from items
    inner join orders
        on items.order_id = orders.order_id

)

select * from described
