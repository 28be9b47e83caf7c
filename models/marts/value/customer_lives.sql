with

as_of as (

    select * from {{ ref('int_as_of') }}

),

first_churns as (

    select
        customer_id,
        min(valid_from) as churned_at
    from {{ ref('lifecycle_spans') }}
    where stage = 'churn'
    group by customer_id

),

-- A life as a customer, to the first churn or as far as it is known.
lives as (

    select
        customers.customer_id,
        customers.customer_type,
        cast({{ dbt.date_trunc('year', business_date('customers.first_order_at')) }} as date) as cohort_year_start_on,
        coalesce(channels.channel_group, 'unknown') as acquisition_channel_group,
        coalesce(first_churns.churned_at < as_of.as_of, false) as is_churned,
        {{ whole_days(
            'customers.first_order_at',
            'case when first_churns.churned_at < as_of.as_of then first_churns.churned_at else as_of.as_of end'
        ) }} as days
    from {{ ref('dim_customers') }} as customers
    cross join as_of
    left join first_churns
        on customers.customer_id = first_churns.customer_id
    left join {{ ref('channels') }} as channels
        on customers.acquisition_channel = channels.channel
    where customers.is_buyer

)

select * from lives
