-- Proves that every refund of staging is one revenue event, except those of orders that are no sale
-- (a cancelled order brought no revenue to take back), and that there is no other refund event.
with

refunds as (

    select
        refunds.refund_id,
        coalesce(orders.is_sale, true) as is_expected
    from {{ ref('stg_refunds') }} as refunds
    left join {{ ref('fct_orders') }} as orders
        on refunds.order_id = orders.order_id

),

events as (

    select
        refund_id,
        count(*) as events
    from {{ ref('fct_revenue_events') }}
    where revenue_event_type = 'refund'
    group by refund_id

)

select
    refunds.refund_id,
    events.refund_id as refund_id_of_event,
    refunds.is_expected,
    events.events
from refunds
full outer join events
    on refunds.refund_id = events.refund_id
where
    refunds.refund_id is null
    or coalesce(events.events, 0) != case when refunds.is_expected then 1 else 0 end
