-- Proves to the cent that what referred customers brought, in kpi_advocacy, is their part of the revenue
-- events: sales that are valid orders, and the refunds of these.
with

told as (

    select coalesce(sum(referred_net_amount), 0) as amount from {{ ref('kpi_advocacy') }}

),

recorded as (

    select coalesce(sum(events.amount), 0) as amount
    from {{ ref('fct_revenue_events') }} as events
    inner join {{ ref('dim_customers') }} as customers
        on events.customer_id = customers.customer_id
    where events.is_valid_order and customers.referrer_customer_id is not null

)

select
    told.amount as told_amount,
    recorded.amount as recorded_amount
from told
cross join recorded
where told.amount <> recorded.amount
