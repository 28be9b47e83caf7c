-- Proves that the customer months are the revenue events of customers, to the cent and per customer and month,
-- and that their orders are the orders of the customer.
with

events as (

    select
        customer_id,
        cast({{ dbt.date_trunc('month', 'occurred_on') }} as date) as month_start_on,
        sum(amount) as amount
    from {{ ref('fct_revenue_events') }}
    where customer_id is not null
    group by customer_id, cast({{ dbt.date_trunc('month', 'occurred_on') }} as date)

),

customer_months as (

    select * from {{ ref('fct_customer_months') }}

),

orders as (

    select
        customer_id,
        sum(orders) as orders
    from customer_months
    group by customer_id

)

select
    coalesce(events.customer_id, customer_months.customer_id) as customer_id,
    'revenue' as what
from events
full outer join customer_months
    on
        events.customer_id = customer_months.customer_id
        and events.month_start_on = customer_months.month_start_on
where events.amount is distinct from customer_months.revenue_amount

union all

select
    customers.customer_id,
    'orders' as what
from {{ ref('dim_customers') }} as customers
left join orders
    on customers.customer_id = orders.customer_id
where coalesce(orders.orders, 0) != customers.orders
