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
margins as (

    select
        customer_type,
        {{ rate('sum(margin_amount)', 'sum(costed_net_amount)') }} as margin_rate
    from aged
    group by customer_type

),

described as (

    select
        aged.*,
        margins.margin_rate
    from aged
    inner join margins
        on aged.customer_type = margins.customer_type

)

select * from described
