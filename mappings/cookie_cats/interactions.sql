-- A return is known by the day after the installation. Declared: at noon of that day, so half a day in.
with

returns as (

    select
        userid,
        1 as day
    from cookie_cats
    where cast(retention_1 as boolean)
    union all
    select
        userid,
        7 as day
    from cookie_cats
    where cast(retention_7 as boolean)

)

select
    userid || '-' || day as interaction_id,
    cast(userid as varchar) as customer_id,
    timestamp '2019-12-31 23:00:00' + (24 * day + 12) * interval '1 hour' as occurred_at,
    'app_open' as interaction_type,
    'app' as channel
from returns
