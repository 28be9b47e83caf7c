{%- set is_delta = is_delta_run() -%}
with

ids as (

    select * from {{ ref('changed_ids') }}

),

changed_rows as (

    select * from {{ ref('changed_rows') }}

),

identities as (

    select * from {{ ref('changed_identities') }}

),

named as (

    select id as order_id from ids
    where id_kind = 'order'

    {% if is_delta -%}
    union

    -- A refund that names only a line is one of the line's order.
    select refunds.order_id
    from {{ ref('stg_refunds') }} as refunds
    where
        refunds.refund_id in (select row_key from changed_rows where table_name = 'refunds')
        and refunds.order_id is not null

    union

    select items.order_id
    from {{ ref('stg_order_items') }} as items
    where items.product_id in (select row_key from changed_rows where table_name = 'products')

    union

    select orders.order_id
    from {{ ref('stg_orders') }} as orders
    where orders.customer_id in (select source_id from identities where source_kind = 'customer')
    {%- else -%}
    {%- set references = [ref('stg_refunds'), ref('stg_order_items'), ref('stg_orders')] -%}
    {%- endif %}

)

select * from named
