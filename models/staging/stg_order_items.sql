{{ config(
    materialized='incremental',
    touched_when=[['order_item_id', 'rows of order_items']]
) }}

{{ after('changed_ids') }}
with

{{ latest_version(ref('base_order_items'), fault='_fault') }},

typed as (

    select
        -- ids
        order_item_id,
        order_id,
        product_id,

        -- numerics
        quantity,
        unit_price,
        line_amount,
        discount_amount,

        -- accounting
        _loaded_at,
        _source_file,
        _load_id,
        _versions
    from latest

)

select * from typed
