with

refunds as (

    select rows_to_stage.* from {{ working_set('refunds') }} as rows_to_stage

),

items as (

    select
        order_item_id,
        order_id
    from {{ ref('stg_order_items') }}

),

orders as (

    select
        order_id,
        rate_to_reporting
    from {{ ref('stg_orders') }}

),

-- A refund that names only the line belongs to the order of the line.
placed as (

    select
        refunds.*,
        coalesce(refunds.order_id, items.order_id) as refunded_order_id
    from refunds
    left join items
        on refunds.order_item_id = items.order_item_id

),

checked as (

    select
        placed.*,
        coalesce(
            placed._contract_fault,
            case
                when placed.order_id is not null and orders.order_id is null
                    then 'order_id is not a known order'
                when placed.order_item_id is not null and placed.refunded_order_id is null
                    then 'order_item_id is not a known order line'
                when {{ is_too_large(['placed.amount', 'coalesce(orders.rate_to_reporting, 1)']) }}
                    then 'amount is too large in the reporting currency'
            end
        ) as _fault
    from placed
    left join orders
        on placed.refunded_order_id = orders.order_id

)

select * from checked
