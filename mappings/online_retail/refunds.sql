-- One row per line of a credit note, the amount positive. The source does not say which invoice
-- a credit note answers, so a refund names its customer and no order; guessing the order by
-- product and price would be ambiguous for many lines. The key is that of order_items.sql.
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
    line_id as refund_id,
    customer_id,
    invoiced_at at time zone 'Europe/London' at time zone 'UTC' as refunded_at,
    cast(-quantity * unit_price as decimal(18, 4)) as amount,
    case
        when stock_code = 'D' then 'discount'
        when stock_code in ('AMAZONFEE', 'BANK CHARGES', 'CRUK', 'S') then 'fee'
        else 'cancellation'
    end as reason,
    invoice_no as x_invoice_no,
    upper(stock_code) as x_product_id,
    -quantity as x_quantity
from keyed
where starts_with(invoice_no, 'C')
