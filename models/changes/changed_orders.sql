{%- set is_delta = is_delta_run() -%}
with

ids as (

    select * from {{ ref('changed_ids') }}

),

changed_refunds as (

    select row_key from {{ ref('changed_rows') }}
    where table_name = 'refunds'

),

changed_products as (

    select row_key from {{ ref('changed_rows') }}
    where table_name = 'products'

),

changed_contacts as (

    select source_id from {{ ref('changed_identities') }}
    where source_kind = 'customer'

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
        refunds.refund_id in (select changed_refunds.row_key from changed_refunds)
        and refunds.order_id is not null

    union

    select items.order_id
    from {{ ref('stg_order_items') }} as items
    where items.product_id in (select changed_products.row_key from changed_products)

    union

    select orders.order_id
    from {{ ref('stg_orders') }} as orders
    where orders.customer_id in (select changed_contacts.source_id from changed_contacts)

    union

    {{ pending(['order_id']) }}
    {%- else -%}
    {{- after('stg_refunds') }}{{ after('stg_order_items') }}{{ after('stg_orders') }}
    {%- endif %}

)

select
    *,
    {{ last_run_number() }} as since_run
from named
