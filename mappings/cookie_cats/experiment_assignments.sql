-- A player is assigned by installing, and counts from then on.
select
    'gate' as experiment_id,
    version as variant,
    cast(userid as varchar) as customer_id,
    cast(null as varchar) as anonymous_id,
    timestamp '2019-12-31 23:00:00' as assigned_at,
    timestamp '2019-12-31 23:00:00' as exposed_at
from cookie_cats
