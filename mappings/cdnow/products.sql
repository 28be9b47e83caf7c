-- The source counts CDs and does not name them: one product stands for all.
select
    'cd' as product_id,
    'CD' as product_name,
    'music' as category,
    true as is_product
