with

products as (

    select
        product_id,
        category,
        list_price
    from {{ ref('stg_products') }}
    where
        is_product
        and category is not null
        and list_price is not null

),

tiers as (

    select * from {{ ref('price_tiers') }}

),

-- The share of the category's other products that cost less; equal prices have equal shares.
ranked as (

    select
        product_id,
        category,
        percent_rank() over (partition by category order by list_price) as cheaper_share
    from products

),

tiered as (

    select
        ranked.product_id,
        ranked.category,
        cast(max(tiers.position) as {{ dbt.type_int() }}) as tier_position
    from ranked
    inner join tiers
        on ranked.cheaper_share >= tiers.min_cheaper_share
    group by ranked.product_id, ranked.category

)

select * from tiered
