-- Proves that nobody is offered what they have bought in a valid order, or what is no product, and that
-- the reason given is something they have bought.
with

had as (

    select
        customer_id,
        product_id
    from {{ ref('fct_order_items') }}
    where
        is_valid_order
        and customer_id is not null
        and product_id is not null
    group by customer_id, product_id

)

select
    recommendations.customer_id,
    recommendations.product_id
from {{ ref('product_recommendations') }} as recommendations
inner join {{ ref('dim_products') }} as products
    on recommendations.product_id = products.product_id
left join had
    on
        recommendations.customer_id = had.customer_id
        and recommendations.product_id = had.product_id
left join had as reasons
    on
        recommendations.customer_id = reasons.customer_id
        and recommendations.because_of_product_id = reasons.product_id
where
    had.product_id is not null
    or reasons.product_id is null
    or not products.is_product
