{{ config(materialized='view') }}

with

moments as (

    select * from {{ ref('int_purchase_moments') }}
    where next_purchased_at is null

),

means as (

    select
        customer_type,
        value as mean_customer_value
    from {{ ref('int_parameters') }}
    where parameter = 'mean_customer_value'

),

tiers as (

    select
        moments.customer_id,
        case
            when moments.total_net_amount >= 2 * means.mean_customer_value then 'high'
            when 2 * moments.total_net_amount >= means.mean_customer_value then 'medium'
            else 'low'
        end as value_tier
    from moments
    left join means
        on moments.customer_type = means.customer_type

)

select * from tiers
