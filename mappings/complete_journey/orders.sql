-- One row per basket. The time stamps are UTC already: read in New York time all lines fall into
-- 2017, and every redemption finds a basket of its household on its day.
select
    cast(basket_id as varchar) as order_id,
    cast(max(household_id) as varchar) as customer_id,
    cast(min(transaction_timestamp) as timestamp) as ordered_at,
    'completed' as status,
    'store' as sales_channel,
    'USD' as currency,
    cast(max(store_id) as varchar) as x_store_id
from transactions
group by basket_id
