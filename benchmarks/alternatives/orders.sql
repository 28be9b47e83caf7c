-- Runs after people.sql.

-- Orders that count: latest version, not cancelled, in euros, worth something after refunds.
create temp table valid_orders as
with

latest_orders as (

    select
        orders.*,
        coalesce(rates.rate_to_reporting, 1) as rate
    from orders
    left join exchange_rates as rates
        on orders.currency = rates.currency and business_day(orders.ordered_at) = rates.rate_on
    qualify row_number() over (
        partition by orders.order_id order by orders.updated_at desc, orders._loaded_at desc
    ) = 1

),

latest_items as (

    select *
    from order_items
    qualify row_number() over (partition by order_item_id order by _loaded_at desc) = 1

),

lines as (

    select
        items.order_id,
        sum(coalesce(items.line_amount, items.quantity * items.unit_price) - coalesce(items.discount_amount, 0))
            as own,
        sum(money(coalesce(items.line_amount, items.quantity * items.unit_price) * orders.rate)) as gross,
        sum(money(coalesce(items.discount_amount, 0) * orders.rate)) as discount
    from latest_items as items
    inner join latest_orders as orders using (order_id)
    group by items.order_id

),

refunded as (

    select
        refunds.order_id,
        sum(refunds.amount) as own,
        money(sum(refunds.amount) * any_value(orders.rate)) as amount
    from (
        select * from refunds
        qualify row_number() over (partition by refund_id order by _loaded_at desc) = 1
    ) as refunds
    inner join latest_orders as orders using (order_id)
    group by refunds.order_id

),

valued as (

    select
        people.customer_id,
        people.customer_type,
        orders.ordered_at,
        coalesce(lines.own, orders.gross_amount) - coalesce(orders.discount_amount, 0)
        - coalesce(refunded.own, 0) as own_net,
        coalesce(lines.gross, money(orders.gross_amount * orders.rate))
        - coalesce(lines.discount, 0)
        - money(coalesce(orders.discount_amount, 0) * orders.rate) as sold_amount,
        -- What is left of an order in its own currency is not less than nothing in euros.
        greatest(sold_amount - coalesce(refunded.amount, 0), 0) as net_amount
    from latest_orders as orders
    inner join people
        on orders.customer_id = people.contact_id
    inner join order_statuses as statuses
        on orders.status = statuses.status
    left join lines using (order_id)
    left join refunded using (order_id)
    where not statuses.is_cancelled and not statuses.is_test and orders.cancelled_at is null

)

select
    customer_id,
    any_value(customer_type) as customer_type,
    ordered_at,
    sum(net_amount) as net_amount
from valued
where own_net > 0 and sold_amount > 0
group by customer_id, ordered_at;
