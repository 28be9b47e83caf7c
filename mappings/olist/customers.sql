-- Two kinds of customers. Shoppers: `customer_id` of the source belongs to one order,
-- `customer_unique_id` is the person; address of the latest order. Leads: companies that may
-- become sellers, each the one contact of its own account.
with

shoppers as (

    select
        customers.customer_unique_id as customer_id,
        cast(null as varchar) as account_id,
        'b2c' as customer_type,
        arg_max(
            (customers.customer_state, customers.customer_city),
            (orders.order_purchase_timestamp, orders.order_id)
        ) as address,
        cast(null as varchar) as acquisition_channel,
        cast(null as varchar) as x_landing_page_id
    from orders
    inner join customers using (customer_id)
    group by customers.customer_unique_id

)

select
    customer_id,
    account_id,
    customer_type,
    'BR' as country,
    address[1] as region,
    acquisition_channel,
    address[2] as x_city,
    x_landing_page_id
from shoppers

union all

select
    mql_id as customer_id,
    mql_id as account_id,
    'b2b' as customer_type,
    'BR' as country,
    cast(null as varchar) as region,
    origin as acquisition_channel,
    cast(null as varchar) as x_city,
    landing_page_id as x_landing_page_id
from marketing_qualified_leads
