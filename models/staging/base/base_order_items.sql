with

items as (

    select rows_to_stage.* from {{ working_set('order_items') }} as rows_to_stage

),

orders as (

    select
        order_id,
        rate_to_reporting
    from {{ ref('stg_orders') }}

),

checked as (

    select
        items.*,
        coalesce(
            items._contract_fault,
            case
                when orders.order_id is null then 'order_id is not a known order'
                when {{ is_too_large(['items.line_amount', 'orders.rate_to_reporting']) }}
                    then 'line_amount is too large in the reporting currency'
                when
                    items.line_amount is null
                    and {{ is_too_large(['items.quantity', 'items.unit_price', 'orders.rate_to_reporting']) }}
                    then 'quantity × unit_price is too large in the reporting currency'
                when {{ is_too_large(['items.discount_amount', 'orders.rate_to_reporting']) }}
                    then 'discount_amount is too large in the reporting currency'
            end
        ) as _fault
    from items
    left join orders
        on items.order_id = orders.order_id

)

select * from checked
