{{ config(
    materialized='incremental',
    touched_when=[['order_id', 'orders']]
) }}
{%- set line_amount = 'coalesce(items.line_amount, ' ~ pieces_times('items.quantity', 'items.unit_price') ~ ', 0)' %}

with

items as (

    select * from {{ ref('stg_order_items') }}
    where {{ touched() }}

),

orders as (

    select * from {{ ref('stg_orders') }}

),

products as (

    select * from {{ ref('stg_products') }}

),

converted as (

    select
        items.order_item_id,
        items.order_id,
        items.product_id,
        items.quantity,
        coalesce(products.is_product, true) as is_product,
        cast({{ line_amount }} as decimal(28, 8)) - coalesce(items.discount_amount, 0) as goods_in_currency,
        {{ in_reporting_currency(line_amount, 'orders.rate_to_reporting') }} as gross_amount,
        {{ in_reporting_currency('coalesce(items.discount_amount, 0)', 'orders.rate_to_reporting') }}
            as line_discount_amount,
        {{ in_reporting_currency('coalesce(orders.discount_amount, 0)', 'orders.rate_to_reporting') }}
            as order_discount_amount,
        {{ to_money(cost_of_pieces(
            'items.quantity', 'coalesce(products.unit_cost, case when not products.is_product then 0 end)'
        )) }}
            as cost_amount
    from items
    inner join orders
        on items.order_id = orders.order_id
    left join products
        on items.product_id = products.product_id

),

-- The order's discount is spread by value, in ten-thousandths: whole ones first, the rest to the
-- largest remainders. The small step down keeps a share that is whole from being rounded up twice.
weighed as (

    select
        order_item_id,
        order_id,
        cast(cast(order_discount_amount as decimal(28, 4)) * 10000 as {{ type_double() }}) as order_discount,
        cast(greatest(gross_amount - line_discount_amount, 0) as {{ type_double() }}) as weight,
        cast(
            sum(greatest(gross_amount - line_discount_amount, 0)) over (partition by order_id)
            as {{ type_double() }}
        ) as order_weight
    from converted
    where order_discount_amount > 0

),

quotas as (

    select
        order_item_id,
        order_id,
        order_discount,
        order_discount * weight / order_weight as quota
    from weighed
    where order_weight > 0

),

floors as (

    select
        *,
        greatest(floor(quota - 0.000001), 0) as whole
    from quotas

),

ranked as (

    select
        *,
        order_discount - sum(whole) over (partition by order_id) as left_over,
        row_number() over (
            partition by order_id
            order by quota - whole desc, {{ sortable('order_item_id') }} asc
        ) as turn
    from floors

),

shares as (

    select
        order_item_id,
        {{ as_money(
            'cast(whole + case when turn <= left_over then 1 else 0 end as ' ~ dbt.type_bigint() ~ ')'
            ~ ' * cast(0.0001 as decimal(5, 4))'
        ) }}
            as order_discount_share_amount
    from ranked

),

spread as (

    select
        converted.*,
        coalesce(shares.order_discount_share_amount, 0) as order_discount_share_amount
    from converted
    left join shares
        on converted.order_item_id = shares.order_item_id

),

netted as (

    select
        order_item_id,
        order_id,
        product_id,
        is_product,
        quantity,
        gross_amount,
        {{ as_money('line_discount_amount + order_discount_share_amount') }} as discount_amount,
        {{ as_money('gross_amount - line_discount_amount - order_discount_share_amount') }} as net_sales_amount,
        goods_in_currency,
        cost_amount
    from spread

)

select * from netted
