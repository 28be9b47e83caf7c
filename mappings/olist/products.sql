-- One row per product. The source has no names: the category and the first letters of the id.
select
    product_id,
    coalesce(product_category_name, 'sem_categoria') || ' ' || left(product_id, 8) as product_name,
    product_category_name as category,
    true as is_product,
    cast(product_weight_g as double) as x_weight_g,
    cast(product_photos_qty as double) as x_photos
from products
