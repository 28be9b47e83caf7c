with

items as (

    select * from {{ ref('raw_order_items') }}

),

orders as (

    select order_id from {{ ref('stg_orders') }}

),

checked as (

    select
        items.*,
        coalesce(
            items._contract_fault,
            case when orders.order_id is null then 'order_id is not a known order' end
        ) as _fault
    from items
    left join orders
        on items.order_id = orders.order_id

)

select * from checked
