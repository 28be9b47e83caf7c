-- New customers, and new facts about known ones.
create temp table new_customers as
select
    customers.* replace (
        'CD' || substr(customer_id, 2) as customer_id,
        'new.' || email as email,
        today_at(updated_at) as registered_at,
        today_at(updated_at) as updated_at,
        loaded_at() as _loaded_at
    ),
    row_number() over (order by md5(customer_id), customer_id) - 1 as position
from customers
where customer_type = 'b2c'
qualify row_number() over (partition by customer_id order by updated_at) = 1
order by md5(customer_id), customer_id
limit (select part(count(*), 0.5) from customers);

create temp table delivered_customers as
select
    * exclude (position),
    'new' as mix
from new_customers
union all by name
(
    select
        customers.* replace ('moved' as region, today_at(updated_at) as updated_at, loaded_at() as _loaded_at),
        'correction' as mix
    from customers
    qualify row_number() over (partition by customer_id order by updated_at desc, _loaded_at desc) = 1
    order by md5('moved' || customer_id), customer_id
    limit (select part(count(*), 0.5) from customers)
);
