-- One row per customer number. Eight customers appear in more than one country: the country of
-- their latest line is the one kept (each order has its own in `x_country`).
with

lines as (

    select
        cast("CustomerID" as varchar) as customer_id,
        cast("InvoiceDate" as timestamp) as invoiced_at,
        "InvoiceNo" as invoice_no,
        nullif("Country", 'Unspecified') as country
    from online_retail
    where "CustomerID" is not null

)

select
    customer_id,
    'b2c' as customer_type,
    arg_max(country, (invoiced_at, invoice_no)) as country
from lines
group by customer_id
