{{ config(materialized='view') }}

with

buyers as (

    select * from {{ ref('int_buyer_statistics') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

aged as (

    select
        buyers.*,
        as_of.as_of_on,
        cast({{ dbt.datediff('buyers.first_purchase_on', 'as_of.as_of_on', 'day') }} as {{ dbt.type_bigint() }})
            as age_days,
        cast({{ dbt.datediff('buyers.last_purchase_on', 'as_of.as_of_on', 'day') }} as {{ dbt.type_bigint() }})
            as recency_days,
        buyers.costed_net_amount - buyers.cost_amount as margin_amount
    from buyers
    cross join as_of

),

-- One customer's own few orders would say little of the margin to come.
described as (

    select
        *,
        {{ rate(
            'sum(margin_amount) over (partition by customer_type)',
            'sum(costed_net_amount) over (partition by customer_type)'
        ) }} as margin_rate
    from aged

)

select * from described
