{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'buyers']]
) }}

with

moments as (

    select * from {{ ref('int_purchase_moments') }}
    where {{ touched() }}

),

orders as (

    select * from {{ ref('int_orders') }}
    where
        not is_guest and not is_cancelled and not is_test
        and {{ touched() }}

),

{{ purchase_statistics('moments') }},

-- The value of an order is net of the refunds known; one that nothing is left of was no purchase.
order_totals as (

    select
        customer_id,
        cast(sum(case when is_valid_order then 1 else 0 end) as {{ dbt.type_bigint() }}) as orders,
        cast(sum(case when is_valid_order then 0 else 1 end) as {{ dbt.type_bigint() }}) as orders_without_value,
        {{ as_total('sum(case when is_valid_order then net_amount else 0 end)') }} as net_amount,
        {{ as_total('sum(case when is_valid_order and cost_amount is not null then net_amount end)') }}
            as costed_net_amount,
        {{ as_total('sum(case when is_valid_order then cost_amount end)') }} as cost_amount
    from orders
    group by customer_id

),

described as (

    select
        statistics.customer_id,
        statistics.customer_type,
        statistics.first_purchase_on,
        statistics.last_purchase_on,
        statistics.repeat_purchase_days,
        statistics.first_to_last_days,
        statistics.valued_repeat_days,
        statistics.repeat_amount,
        order_totals.orders,
        order_totals.orders_without_value,
        order_totals.net_amount,
        order_totals.costed_net_amount,
        order_totals.cost_amount
    from statistics
    inner join order_totals
        on statistics.customer_id = order_totals.customer_id

)

select * from described
