{{ config(materialized='table') }}

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
        _versions
    from latest

)

select * from typed
