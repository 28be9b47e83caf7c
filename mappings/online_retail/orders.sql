-- One row per invoice. Credit notes (numbers that begin with C) are refunds, see refunds.sql.
-- Numbers that begin with A adjust a bad debt: kept, under a status that is no sale.
with

lines as (

    select
        "InvoiceNo" as invoice_no,
        cast("CustomerID" as varchar) as customer_id,
        cast("InvoiceDate" as timestamp) at time zone 'Europe/London' at time zone 'UTC'
            as invoiced_at,
        "Country" as country
    from online_retail
    where not starts_with("InvoiceNo", 'C')

)

select
    invoice_no as order_id,
    max(customer_id) as customer_id,
    -- 43 invoices were typed over a turn of the minute
    min(invoiced_at) as ordered_at,
    if(starts_with(invoice_no, 'A'), 'bad_debt', 'completed') as status,
    'web' as sales_channel,
    'GBP' as currency,
    max(country) as x_country
from lines
group by invoice_no
