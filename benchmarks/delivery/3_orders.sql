-- Orders: of seven new ones, two are of new customers; late ones happened more than two months ago.
create temp table latest_orders as
select *
from orders
qualify row_number() over (partition by order_id order by updated_at desc, _loaded_at desc) = 1;

create temp table ordered_again as
select
    order_id,
    ordered_at,
    row_number() over (order by md5(order_id), order_id) - 1 as position,
    'new' as mix
from (
    select
        order_id,
        ordered_at
    from latest_orders
    order by md5(order_id), order_id
    limit (select part(count(*), 0.7) from orders)
);

insert into ordered_again
select
    order_id,
    ordered_at,
    0,
    'late'
from latest_orders
where
    ordered_at < (select starts_at - interval 60 day from today)
    and order_id not in (select order_id from ordered_again)
order by md5('late' || order_id), order_id
limit (select part(count(*), 0.1) from orders);

create temp table delivered_orders as
select
    latest.* replace (
        'OD' || substr(latest.order_id, 2) as order_id,
        case when again.mix = 'new' and again.position % 7 < 2 then newcomer.customer_id else latest.customer_id end
            as customer_id,
        case when again.mix = 'new' then today_at(again.ordered_at) else again.ordered_at + interval 1 hour end
            as ordered_at,
        'paid' as status,
        null as cancelled_at,
        case when again.mix = 'new' then today_at(again.ordered_at) else again.ordered_at + interval 1 hour end
            as updated_at,
        loaded_at() as _loaded_at
    ),
    again.mix
from ordered_again as again
inner join latest_orders as latest using (order_id)
left join new_customers as newcomer
    on newcomer.position = again.position % (select count(*) from new_customers)
union all by name
(
    select
        latest_orders.* replace (
            case when order_id like '%3' then 'cancelled' else 'delivered' end as status,
            case when order_id like '%3' then today_at(ordered_at) end as cancelled_at,
            today_at(ordered_at) as updated_at,
            loaded_at() as _loaded_at
        ),
        'correction' as mix
    from latest_orders
    order by md5('correction' || order_id), order_id
    limit (select part(count(*), 0.1) from orders)
)
union all by name
(
    select
        orders.* replace (loaded_at() as _loaded_at),
        'repeat' as mix
    from orders
    order by md5('repeat' || order_id), order_id, updated_at
    limit (select part(count(*), 0.1) from orders)
);
