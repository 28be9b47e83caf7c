{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'buyers']]
) }}

with

orders as (

    select
        order_id,
        customer_id,
        ordered_at
    from {{ ref('int_orders') }}
    where
        is_valid_order and not is_guest
        and {{ touched() }}

),

bought as (

    select
        orders.customer_id,
        items.product_id,
        count(distinct orders.order_id) as orders,
        max(orders.ordered_at) as last_purchased_at
    from {{ ref('int_order_items') }} as items
    inner join orders
        on items.order_id = orders.order_id
    where items.is_product and items.product_id is not null
    group by orders.customer_id, items.product_id

),

described as (

    select
        customer_id,
        product_id,
        cast(orders as {{ dbt.type_bigint() }}) as orders,
        last_purchased_at
    from bought

)

select * from described
