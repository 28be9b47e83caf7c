{{ config(
    materialized='incremental',
    touched_when=[['refund_id', 'rows of refunds']]
) }}

{{ after('changed_ids') }}
with

{{ latest_version(ref('base_refunds'), fault='_fault') }},

typed as (

    select
        -- ids
        refund_id,
        refunded_order_id as order_id,
        order_item_id,
        customer_id,

        -- strings
        reason,

        -- numerics
        amount,
        tax_amount,
        shipping_amount,

        -- dates and timestamps
        refunded_at,

        -- accounting
        _loaded_at,
        _source_file,
        _load_id,
        _versions
    from latest

)

select * from typed
