with

{{ latest_version(ref('raw_products')) }},

typed as (

    select
        -- ids
        product_id,

        -- strings
        product_name,
        category,

        -- numerics
        unit_cost,
        list_price,

        -- booleans
        coalesce(is_product, true) as is_product,

        -- accounting
        _loaded_at,
        _source_file,
        _versions
    from latest

)

select * from typed
