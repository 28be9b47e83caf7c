-- One row per stock code; upper and lower case spellings are one product. The commonest
-- description on lines with a price wins, because lines without one carry notes such as
-- "damages". Postage, fees, discounts, bookings and vouchers are not goods.
with

lines as (

    select
        upper("StockCode") as product_id,
        "Description" as description,
        cast("UnitPrice" as decimal(18, 4)) > 0 as has_price
    from online_retail

),

names as (

    select
        product_id,
        description,
        count(*) filter (has_price) as priced_lines,
        count(*) as all_lines
    from lines
    group by product_id, description

)

select
    product_id,
    first(
        description
        order by (description is null) asc, priced_lines desc, all_lines desc, description asc
    ) as product_name,
    product_id not in (
        'POST', 'DOT', 'C2', 'M', 'D', 'S', 'B', 'BANK CHARGES', 'AMAZONFEE', 'CRUK'
    )
    and not starts_with(product_id, 'GIFT_0001') as is_product
from names
group by product_id
