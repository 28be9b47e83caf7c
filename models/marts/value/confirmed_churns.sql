{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers'], ['month_end_on', 'days']]
) }}

with

pauses as (

    select
        customer_id,
        customer_type,
        month_start_on,
        month_end_on,
        {{ start_of_business_date(dbt.dateadd('month', 1, 'month_start_on')) }} as month_over_at,
        moved_amount
    from {{ ref('revenue_movements') }}
    where
        movement = 'pause'
        and {{ touched() }}

),

-- Since when a customer paused, and when revenue came back.
returns as (

    select
        customer_id,
        cast({{ dbt.dateadd('month', 1, 'month_start_on') }} as date) as paused_month_on,
        lead(first_sale_at) over (partition by customer_id order by month_start_on) as next_sale_at
    from {{ ref('fct_customer_months') }}
    where revenue_amount > 0

),

churns as (

    select
        customer_id,
        valid_from
    from {{ ref('lifecycle_spans') }}
    where stage = 'churn'

),

confirmed as (

    select
        pauses.customer_id,
        pauses.customer_type,
        pauses.month_start_on,
        pauses.month_end_on,
        pauses.moved_amount as lost_amount,
        min(churns.valid_from) as churned_at
    from pauses
    inner join returns
        on
            pauses.customer_id = returns.customer_id
            and pauses.month_start_on = returns.paused_month_on
    inner join churns
        on
            pauses.customer_id = churns.customer_id
            and churns.valid_from >= pauses.month_over_at
            and (churns.valid_from < returns.next_sale_at or returns.next_sale_at is null)
    group by
        pauses.customer_id, pauses.customer_type, pauses.month_start_on, pauses.month_end_on, pauses.moved_amount

)

select * from confirmed
