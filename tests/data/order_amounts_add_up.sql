-- Proves the equations of money on every order and line: gross − discounts = net sales, net sales −
-- refunds = net, net − cost = margin.
with

amounts as (

    select
        'order' as subject,
        order_id as subject_id,
        gross_amount,
        discount_amount,
        net_sales_amount,
        refund_amount,
        net_amount,
        cost_amount,
        margin_amount
    from {{ ref('fct_orders') }}

    union all

    select
        'line' as subject,
        order_item_id as subject_id,
        gross_amount,
        discount_amount,
        net_sales_amount,
        0 as refund_amount,
        net_sales_amount as net_amount,
        cost_amount,
        net_sales_amount - cost_amount as margin_amount
    from {{ ref('fct_order_items') }}

)

select *
from amounts
where
    gross_amount - discount_amount != net_sales_amount
    or net_sales_amount - refund_amount != net_amount
    or net_amount - cost_amount is distinct from margin_amount
