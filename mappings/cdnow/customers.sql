-- One row per buyer. `master_id` is only in the sample file; the empty select below gives the
-- column to the master file as well, so one mapping reads both.
with

purchases as (

    select * from input
    union all by name
    select null as master_id
    where false

)

select distinct
    cast(cast(coalesce(master_id, customer_id) as bigint) as varchar) as customer_id,
    'b2c' as customer_type
from purchases
