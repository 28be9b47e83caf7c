-- Proves that what came after a loss is, to the cent, the revenue events of the customer's valid orders
-- from the order on that ended it, refunds of these orders included. Each row is a loss with another sum.
with

attempts as (

    select * from {{ ref('winback_attempts') }}
    where is_saved

),

order_revenue as (

    select
        orders.customer_id,
        orders.ordered_at,
        sum(events.amount) as amount
    from {{ ref('fct_revenue_events') }} as events
    inner join {{ ref('fct_orders') }} as orders
        on events.order_id = orders.order_id
    where events.is_valid_order and not events.is_guest
    group by orders.customer_id, orders.ordered_at

),

expected as (

    select
        attempts.customer_id,
        attempts.span_number,
        sum(order_revenue.amount) as amount
    from attempts
    inner join order_revenue
        on
            attempts.customer_id = order_revenue.customer_id
            and attempts.ended_at <= order_revenue.ordered_at
    group by attempts.customer_id, attempts.span_number

),

shown as (

    select sum(later_net_amount) as amount from {{ ref('kpi_winback') }}

)

select
    attempts.customer_id,
    attempts.span_number
from attempts
left join expected
    on
        attempts.customer_id = expected.customer_id
        and attempts.span_number = expected.span_number
where attempts.later_net_amount is distinct from expected.amount

union all

select
    'kpi_winback' as customer_id,
    0 as span_number
from shown
where coalesce(shown.amount, 0) <> (select coalesce(sum(attempts.later_net_amount), 0) from attempts)
