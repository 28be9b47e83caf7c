{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'buyers']]
) }}

with

events as (

    select
        *,
        cast({{ dbt.date_trunc('month', 'occurred_on') }} as date) as month_start_on
    from {{ ref('fct_revenue_events') }}
    where
        not is_guest
        and {{ touched() }}

),

orders as (

    select
        order_id,
        cost_amount
    from {{ ref('fct_orders') }}
    where
        is_sale and cost_amount is not null
        and {{ touched() }}

),

moments as (

    select
        *,
        cast({{ dbt.date_trunc('month', 'purchased_on') }} as date) as month_start_on
    from {{ ref('int_purchase_moments') }}
    where {{ touched() }}

),

money as (

    select
        events.customer_id,
        events.month_start_on,
        sum(case when events.revenue_event_type = 'sale' then events.amount else 0 end) as sales_amount,
        -sum(case when events.revenue_event_type = 'refund' then events.amount else 0 end) as refund_amount,
        sum(events.amount) as revenue_amount,
        sum(case when orders.order_id is not null then events.amount end) as costed_revenue_amount,
        sum(case when events.revenue_event_type = 'sale' then orders.cost_amount end) as cost_amount,
        min(case when events.revenue_event_type = 'sale' then events.occurred_at end) as first_sale_at
    from events
    left join orders
        on events.order_id = orders.order_id
    group by events.customer_id, events.month_start_on

),

purchases as (

    select
        customer_id,
        month_start_on,
        sum(orders) as orders,
        count(distinct purchased_on) as purchase_days,
        min(moment_number) as first_moment_number,
        max(moment_number) as last_moment_number
    from moments
    group by customer_id, month_start_on

),

-- A valid order is a sale of its month, so that money has a row wherever there is a purchase.
customer_months as (

    select
        money.customer_id,
        money.month_start_on,
        cast(coalesce(purchases.orders, 0) as {{ dbt.type_bigint() }}) as orders,
        cast(coalesce(purchases.purchase_days, 0) as {{ dbt.type_bigint() }}) as purchase_days,
        cast(purchases.first_moment_number as {{ dbt.type_bigint() }}) as first_moment_number,
        cast(purchases.last_moment_number as {{ dbt.type_bigint() }}) as last_moment_number,
        {{ as_total('money.sales_amount') }} as sales_amount,
        {{ as_total('money.refund_amount') }} as refund_amount,
        {{ as_total('money.revenue_amount') }} as revenue_amount,
        {{ as_total('money.costed_revenue_amount') }} as costed_revenue_amount,
        {{ as_total('case when money.costed_revenue_amount is not null then coalesce(money.cost_amount, 0) end') }}
            as cost_amount,
        {{ as_total('money.costed_revenue_amount - coalesce(money.cost_amount, 0)') }} as margin_amount,
        money.first_sale_at
    from money
    left join purchases
        on
            money.customer_id = purchases.customer_id
            and money.month_start_on = purchases.month_start_on

)

select * from customer_months
