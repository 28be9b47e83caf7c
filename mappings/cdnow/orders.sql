-- One row per purchase. The source has no key: an order is known by the hash of its row and its
-- number among equal rows, so two equal rows are two orders, and loading twice adds nothing.
with

purchases as (

    select * from input
    union all by name
    select null as master_id
    where false

),

typed as (

    select
        cast(cast(coalesce(master_id, customer_id) as bigint) as varchar) as customer_id,
        cast(order_date as timestamp) as ordered_at,
        cast(cds as integer) as cds,
        cast(amount as decimal(18, 4)) as amount
    from purchases

),

keyed as (

    select
        *,
        md5(concat_ws('|', customer_id, ordered_at, cds, amount))
        || '-'
        || row_number() over (
            partition by customer_id, ordered_at, cds, amount
            order by customer_id
        ) as order_id
    from typed

)

select
    order_id,
    customer_id,
    ordered_at,
    'completed' as status,
    'web' as sales_channel,
    'USD' as currency
from keyed
