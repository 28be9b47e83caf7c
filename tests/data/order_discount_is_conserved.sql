-- Proves that spreading loses nothing: the discounts of an order's lines are the lines' own and the
-- order's, to the last ten-thousandth. An order whose lines are worth nothing has nothing to spread
-- its discount over.
with

orders as (

    select * from {{ ref('stg_orders') }}

),

lines as (

    select
        items.order_id,
        sum({{ to_money('coalesce(items.discount_amount, 0) * orders.rate_to_reporting') }}) as line_discounts,
        max(
            case
                when
                    coalesce(items.line_amount, items.quantity * items.unit_price, 0)
                    > coalesce(items.discount_amount, 0)
                    then 1
                else 0
            end
        ) as has_value
    from {{ ref('stg_order_items') }} as items
    inner join orders
        on items.order_id = orders.order_id
    group by items.order_id

),

spread as (

    select
        order_id,
        sum(discount_amount) as discount_amount
    from {{ ref('fct_order_items') }}
    group by order_id

),

expected as (

    select
        lines.order_id,
        lines.line_discounts
        + {{ to_money('coalesce(orders.discount_amount, 0) * orders.rate_to_reporting * lines.has_value') }}
            as discount_amount
    from lines
    inner join orders
        on lines.order_id = orders.order_id

)

select
    expected.order_id,
    expected.discount_amount as given,
    spread.discount_amount as spread
from expected
left join spread
    on expected.order_id = spread.order_id
where expected.discount_amount is distinct from spread.discount_amount
