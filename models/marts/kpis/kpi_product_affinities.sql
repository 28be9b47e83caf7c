with

lines as (

    select
        order_id,
        product_id
    from {{ ref('fct_order_items') }}
    where
        is_valid_order
        and is_product
        and product_id is not null
    group by order_id, product_id

),

baskets as (

    select count(distinct order_id) as baskets from lines

),

product_baskets as (

    select
        product_id,
        count(*) as baskets
    from lines
    group by product_id

),

ranked as (

    select
        product_id,
        baskets,
        cast(
            row_number() over (order by baskets desc, {{ sortable('product_id') }} asc) as {{ dbt.type_int() }}
        ) as popularity
    from product_baskets

),

-- Pairs grow with the square of the products: only the most bought are paired.
popular as (

    select
        ranked.product_id,
        ranked.baskets,
        ranked.popularity
    from ranked
    cross join baskets
    where
        ranked.popularity <= {{ var('affinity_max_products') }}
        and ranked.baskets >= {{ var('affinity_min_support') }} * baskets.baskets

),

popular_lines as (

    select
        lines.order_id,
        popular.popularity
    from lines
    inner join popular
        on lines.product_id = popular.product_id

),

pairs as (

    select
        one.popularity,
        other.popularity as other_popularity,
        count(*) as baskets
    from popular_lines as one
    inner join popular_lines as other
        on
            one.order_id = other.order_id
            and one.popularity < other.popularity
    group by one.popularity, other.popularity

),

frequent as (

    select pairs.*
    from pairs
    cross join baskets
    where pairs.baskets >= {{ var('affinity_min_support') }} * baskets.baskets

),

rules as (

    select
        popularity,
        other_popularity,
        baskets
    from frequent
    union all
    select
        other_popularity as popularity,
        popularity as other_popularity,
        baskets
    from frequent

),

shares as (

    select
        bought.product_id,
        also_bought.product_id as with_product_id,
        rules.baskets as pair_baskets,
        bought.baskets as product_baskets,
        also_bought.baskets as with_product_baskets,
        baskets.baskets as all_baskets,
        cast(rules.baskets as {{ type_double() }}) / baskets.baskets as both_share,
        cast(bought.baskets as {{ type_double() }}) / baskets.baskets as product_share,
        cast(also_bought.baskets as {{ type_double() }}) / baskets.baskets as with_product_share
    from rules
    inner join popular as bought
        on rules.popularity = bought.popularity
    inner join popular as also_bought
        on rules.other_popularity = also_bought.popularity
    cross join baskets

),

described as (

    select
        product_id,
        with_product_id,
        cast(all_baskets as {{ dbt.type_bigint() }}) as all_baskets,
        cast(product_baskets as {{ dbt.type_bigint() }}) as product_baskets,
        cast(with_product_baskets as {{ dbt.type_bigint() }}) as with_product_baskets,
        cast(pair_baskets as {{ dbt.type_bigint() }}) as pair_baskets,
        {{ rate('pair_baskets', 'all_baskets') }} as support_rate,
        {{ rate('pair_baskets', 'product_baskets') }} as confidence_rate,
        {{ rate('both_share', 'product_share * with_product_share') }} as lift,
        {{ rate('both_share - product_share * with_product_share', 1) }} as leverage,
        case
            when pair_baskets < product_baskets
                then {{ rate('1 - with_product_share', '1 - both_share / product_share') }}
        end as conviction,
        -- A product of every basket goes with nothing in particular.
        coalesce({{ rate(
            'both_share - product_share * with_product_share',
            'greatest(both_share * (1 - product_share), product_share * (with_product_share - both_share))'
        ) }}, 0) as zhang
    from shares

)

select * from described
