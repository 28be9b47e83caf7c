with

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

-- Each product that goes with something bought, as far as the best reason there is carries it.
offered as (

    select
        bought.customer_id,
        rules.with_product_id as product_id,
        max(rules.recommendation_score) as recommendation_score
    from {{ ref('int_customer_products') }} as bought
    inner join rules
        on bought.product_id = rules.product_id
    group by bought.customer_id, rules.with_product_id

),

new_to_customer as (

    select offered.*
    from offered
    left join {{ ref('int_customer_products') }} as bought
        on
            offered.customer_id = bought.customer_id
            and offered.product_id = bought.product_id
    where bought.product_id is null

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id order by recommendation_score desc, {{ sortable('product_id') }} asc
        ) as recommendation_number
    from new_to_customer

),

-- Few are left to ask which reason it was.
reasons as (

    select
        ranked.customer_id,
        ranked.recommendation_number,
        ranked.product_id,
        ranked.recommendation_score,
        rules.product_id as because_of_product_id,
        rules.lift,
        row_number() over (
            partition by ranked.customer_id, ranked.product_id
            order by bought.last_purchased_at desc, {{ sortable('rules.product_id') }} asc
        ) as place
    from ranked
    inner join rules
        on
            ranked.product_id = rules.with_product_id
            and ranked.recommendation_score = rules.recommendation_score
    inner join {{ ref('int_customer_products') }} as bought
        on
            ranked.customer_id = bought.customer_id
            and rules.product_id = bought.product_id
    where ranked.recommendation_number <= {{ var('recommendations_per_customer') }}

),

described as (

    select
        customer_id,
        cast(recommendation_number as {{ dbt.type_int() }}) as recommendation_number,
        product_id,
        recommendation_score,
        because_of_product_id,
        lift
    from reasons
    where place = 1

)

select * from described
