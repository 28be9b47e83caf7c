-- One row per product. Seventeen products that were sold are not listed in the source.
select
    cast(product_id as varchar) as product_id,
    coalesce(product_type, product_category, department) as product_name,
    coalesce(product_category, department) as category,
    coalesce(department, '') <> 'COUPON' as is_product,
    department as x_department,
    brand as x_brand,
    cast(manufacturer_id as varchar) as x_manufacturer_id,
    package_size as x_package_size
from products
