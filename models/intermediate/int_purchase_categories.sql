with

orders as (

    select
        order_id,
        customer_id,
        ordered_at
    from {{ ref('int_orders') }}
    where is_valid_order and not is_guest

),

products as (

    select
        product_id,
        category
    from {{ ref('stg_products') }}
    where is_product and category is not null

),

tiers as (

    select * from {{ ref('int_product_tiers') }}

),

bought as (

    select
        orders.customer_id,
        orders.ordered_at as purchased_at,
        products.category,
        max(tiers.tier_position) as tier_position
    from {{ ref('int_order_items') }} as items
    inner join orders
        on items.order_id = orders.order_id
    inner join products
        on items.product_id = products.product_id
    left join tiers
        on items.product_id = tiers.product_id
    group by orders.customer_id, orders.ordered_at, products.category

)

select * from bought
