{{ after('changed_orders') }}
with

products as (

    select * from {{ ref('stg_products') }}

),

mentioned as (

    select product_id from products
    union
    select id as product_id from {{ ref('int_mentions') }}
    where id_kind = 'product'

),

described as (

    select
        mentioned.product_id,
        products.product_name,
        products.category,
        products.unit_cost as unit_cost_amount,
        products.list_price as list_price_amount,
        coalesce(products.is_product, true) as is_product,
        products.product_id is null as is_inferred
    from mentioned
    left join products
        on mentioned.product_id = products.product_id
    where mentioned.product_id is not null

)

select * from described
