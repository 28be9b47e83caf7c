-- The lines of the orders above; corrected lines have one piece more (the later load wins).
create temp table delivered_order_items as
select
    items.* replace (
        'LD' || substr(items.order_item_id, 2) as order_item_id,
        'OD' || substr(items.order_id, 2) as order_id,
        loaded_at() as _loaded_at
    ),
    again.mix
from order_items as items
inner join ordered_again as again using (order_id)
union all by name
(
    select
        order_items.* replace (
            quantity + 1 as quantity,
            coalesce(unit_price * (quantity + 1), line_amount) as line_amount,
            loaded_at() as _loaded_at
        ),
        'correction' as mix
    from order_items
    order by md5('correction' || order_item_id), order_item_id
    limit (select part(count(*), 0.1) from order_items)
)
union all by name
(
    select
        order_items.* replace (loaded_at() as _loaded_at),
        'repeat' as mix
    from order_items
    order by md5('repeat' || order_item_id), order_item_id
    limit (select part(count(*), 0.1) from order_items)
);
