-- One row per invoice line. The source has no line number: a line is known by the hash of its
-- content and its number among equal lines, so two equal lines are two rows. Negative
-- quantities (stock written off, at price zero) and negative prices (bad debt) come along as
-- they are; the contract sends them to quarantine.
with

lines as (

    select
        "InvoiceNo" as invoice_no,
        "StockCode" as stock_code,
        "Description" as description,
        cast("Quantity" as integer) as quantity,
        cast("InvoiceDate" as timestamp) as invoiced_at,
        cast("UnitPrice" as decimal(18, 4)) as unit_price,
        cast("CustomerID" as varchar) as customer_id,
        "Country" as country
    from online_retail

),

keyed as (

    select
        *,
        md5(cast((
            invoice_no, stock_code, description, quantity,
            invoiced_at, unit_price, customer_id, country
        ) as varchar))
        || '-'
        || row_number() over (
            partition by
                invoice_no, stock_code, description, quantity,
                invoiced_at, unit_price, customer_id, country
            order by invoice_no
        ) as line_id
    from lines

)

select
    line_id as order_item_id,
    invoice_no as order_id,
    upper(stock_code) as product_id,
    quantity,
    unit_price
from keyed
where not starts_with(invoice_no, 'C')
