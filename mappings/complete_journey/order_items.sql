-- One row per basket and product. `sales_value` is what the shop received: the shelf amount
-- less the loyalty card discount and the coupon match, both stored positive. The manufacturer
-- pays `coupon_disc`, so it takes nothing off the sale.
with

fuel as (

    select product_id
    from products
    where product_type like 'GASOLINE%'

),

lines as (

    select
        cast(basket_id as varchar) as order_id,
        cast(product_id as varchar) as product_id,
        cast(quantity as integer) as quantity,
        cast(sales_value as decimal(18, 4)) as sales_amount,
        cast(retail_disc as decimal(18, 4)) as card_discount,
        cast(coupon_match_disc as decimal(18, 4)) as match_discount,
        cast(coupon_disc as decimal(18, 4)) as coupon_amount,
        product_id in (select fuel.product_id from fuel) as is_fuel
    from transactions

)

select
    order_id || '-' || product_id as order_item_id,
    order_id,
    product_id,
    -- fuel is counted in thousandths of a gallon: a fill is one piece
    if(is_fuel, least(quantity, 1), quantity) as quantity,
    cast(sales_amount + card_discount + match_discount as decimal(18, 4)) as line_amount,
    cast(card_discount + match_discount as decimal(18, 4)) as discount_amount,
    quantity as x_source_quantity,
    coupon_amount as x_manufacturer_coupon_amount
from lines
