{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

interactions as (

    select
        customer_id,
        occurred_at,
        cast({{ dbt.date_trunc('month', 'occurred_on') }} as date) as month_start_on,
        contact_cost_amount
    from {{ ref('int_interactions') }}
    where
        contact_cost_amount > 0
        and customer_id is not null
        and {{ touched() }}

),

first_orders as (

    select
        customer_id,
        purchased_at
    from {{ ref('int_purchase_moments') }}
    where
        moment_number = 1
        and {{ touched() }}

),

costs as (

    select
        interactions.customer_id,
        interactions.month_start_on,
        sum(
            case
                when interactions.occurred_at >= first_orders.purchased_at then 0 else interactions.contact_cost_amount
            end
        )
            as prospect_cost_amount,
        sum(
            case
                when interactions.occurred_at >= first_orders.purchased_at then interactions.contact_cost_amount else 0
            end
        )
            as buyer_cost_amount
    from interactions
    left join first_orders
        on interactions.customer_id = first_orders.customer_id
    group by interactions.customer_id, interactions.month_start_on

),

described as (

    select
        customer_id,
        month_start_on,
        {{ as_total('prospect_cost_amount') }} as prospect_cost_amount,
        {{ as_total('buyer_cost_amount') }} as buyer_cost_amount
    from costs

)

select * from described
