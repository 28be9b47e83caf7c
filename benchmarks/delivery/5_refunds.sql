-- Refunds of old orders, half of them in full.
create temp table delivered_refunds as
select
    'RD' || substr(order_id, 2) as refund_id,
    order_id,
    null as order_item_id,
    null as customer_id,
    today_at(ordered_at) as refunded_at,
    case
        when right(md5(order_id), 1) < '8' then gross_amount - coalesce(discount_amount, 0)
        else round(gross_amount / 10, 2)
    end as amount,
    0 as tax_amount,
    0 as shipping_amount,
    case when left(md5(order_id), 1) < '8' then 'damaged' else 'changed_mind' end as reason,
    loaded_at() as _loaded_at,
    'refund' as mix
from latest_orders
where
    ordered_at < (select starts_at - interval 30 day from today)
    and cancelled_at is null
    and gross_amount > coalesce(discount_amount, 0)
    and order_id not in (
        select order_id from refunds
        where order_id is not null
    )
order by md5('refund' || order_id), order_id
limit (select part(count(*), 1) from refunds);
