with

bought as (

    select * from {{ ref('int_customer_products') }}

),

-- Lift by the low end of what the baskets allow for: few baskets together prove little.
scored as (

    select
        product_id,
        with_product_id,
        lift,
        {{ rate(
            wilson_bound('pair_baskets', 'product_baskets', 'low'),
            'cast(with_product_baskets as ' ~ type_double() ~ ') / all_baskets'
        ) }} as recommendation_score
    from {{ ref('kpi_product_affinities') }}

),

ranked_rules as (

    select
        *,
        row_number() over (
            partition by product_id order by recommendation_score desc, {{ sortable('with_product_id') }} asc
        ) as place
    from scored
    where recommendation_score > 1

),

rules as (

    select * from ranked_rules
    where place <= {{ var('recommendation_rules_per_product') }}

),

-- Each product that goes with something bought, with the best reason there is.
candidates as (

    select
        bought.customer_id,
        rules.with_product_id as product_id,
        rules.product_id as because_of_product_id,
        rules.recommendation_score,
        rules.lift,
        row_number() over (
            partition by bought.customer_id, rules.with_product_id
            order by
                rules.recommendation_score desc, bought.last_purchased_at desc,
                {{ sortable('rules.product_id') }} asc
        ) as place
    from bought
    inner join rules
        on bought.product_id = rules.product_id

),

new_to_customer as (

    select candidates.*
    from candidates
    left join bought
        on
            candidates.customer_id = bought.customer_id
            and candidates.product_id = bought.product_id
    where
        candidates.place = 1
        and bought.product_id is null

),

ranked as (

    select
        customer_id,
        product_id,
        because_of_product_id,
        recommendation_score,
        lift,
        row_number() over (
            partition by customer_id order by recommendation_score desc, {{ sortable('product_id') }} asc
        ) as recommendation_number
    from new_to_customer

),

described as (

    select
        customer_id,
        cast(recommendation_number as {{ dbt.type_int() }}) as recommendation_number,
        product_id,
        recommendation_score,
        because_of_product_id,
        lift
    from ranked
    where recommendation_number <= {{ var('recommendations_per_customer') }}

)

select * from described
