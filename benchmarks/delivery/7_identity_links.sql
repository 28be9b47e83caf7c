-- Devices that nobody had logged in on turn out to be known people's, and doubles are merged.
create temp table delivered_identity_links as
with

known as (

    select
        customer_id,
        row_number() over (order by md5('known' || customer_id), customer_id) - 1 as position
    from customers
    group by customer_id

),

devices as (

    select
        anonymous_id,
        row_number() over (order by md5(anonymous_id), anonymous_id) - 1 as position
    from interactions
    where anonymous_id is not null and anonymous_id not in (select source_id from identity_links)
    group by anonymous_id
    order by md5(anonymous_id), anonymous_id
    limit (select part(count(*), 0.8) from identity_links)

),

-- Neither side is in another merge, so none runs in a circle.
unmerged as (

    select
        customer_id,
        row_number() over (order by md5('double' || customer_id), customer_id) - 1 as position
    from customers
    where
        customer_type = 'b2c'
        and customer_id not in (
            select source_id from identity_links
            where link_type = 'merge'
        )
        and customer_id not in (
            select target_id from identity_links
            where link_type = 'merge'
        )
    group by customer_id
    order by md5('double' || customer_id), customer_id
    limit (select 2 * part(count(*), 0.2) from identity_links)

)

select
    'ND' || substr(devices.anonymous_id, 2) as link_id,
    'login' as link_type,
    devices.anonymous_id as source_id,
    known.customer_id as target_id,
    (select starts_at + interval 12 hour from today) as linked_at,
    loaded_at() as _loaded_at,
    'login' as mix
from devices
inner join known using (position)

union all

select
    'NM' || substr(given_up.customer_id, 2) as link_id,
    'merge' as link_type,
    given_up.customer_id as source_id,
    kept.customer_id as target_id,
    (select starts_at + interval 13 hour from today) as linked_at,
    loaded_at() as _loaded_at,
    'merge' as mix
from unmerged as given_up
inner join unmerged as kept
    on given_up.position % 2 = 0 and kept.position = given_up.position + 1;
