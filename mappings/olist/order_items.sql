-- One row per piece: the source repeats the line for every piece, so the quantity is one.
select
    order_id || '-' || order_item_id as order_item_id,
    order_id,
    product_id,
    1 as quantity,
    cast(price as decimal(18, 4)) as unit_price,
    seller_id as x_seller_id,
    cast(freight_value as decimal(18, 4)) as x_freight_amount
from order_items
