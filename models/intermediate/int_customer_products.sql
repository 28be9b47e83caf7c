{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

bought as (

    select
        customer_id,
        product_id,
        count(distinct order_id) as orders,
        max(ordered_at) as last_purchased_at
    from {{ ref('fct_order_items') }}
    where
        is_valid_order
        and is_product
        and product_id is not null
        and customer_id is not null
        and {{ touched() }}
    group by customer_id, product_id

),

described as (

    select
        customer_id,
        product_id,
        cast(orders as {{ dbt.type_bigint() }}) as orders,
        last_purchased_at
    from bought

)

select * from described
