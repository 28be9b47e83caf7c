with

cohorts as (

    select * from {{ ref('kpi_cohorts') }}

),

spend as (

    select
        month_start_on,
        channel,
        sum(spend_amount) as spend_amount
    from {{ ref('int_marketing_spend') }}
    where objective = 'acquisition'
    group by month_start_on, channel

),

won as (

    select
        cohort_month_on,
        acquisition_channel,
        sum(cohort_customers) as new_customers
    from cohorts
    where age_months = 0
    group by cohort_month_on, acquisition_channel

),

-- What the customers had brought by the end of each month of their age.
ages as (

    select
        cohort_month_on,
        acquisition_channel,
        age_months,
        sum(cumulative_revenue_amount) as revenue_amount,
        {{ known_margin(
            'sum(cumulative_margin_amount)', 'sum(cumulative_costed_revenue_amount)', 'sum(cumulative_revenue_amount)'
        ) }} as margin_amount
    from cohorts
    where is_mature
    group by cohort_month_on, acquisition_channel, age_months

),

compared as (

    select
        ages.*,
        max(ages.age_months) over (partition by ages.cohort_month_on, ages.acquisition_channel) as last_age_months,
        spend.spend_amount > 0 and ages.margin_amount >= spend.spend_amount as is_paid_back
    from ages
    left join spend
        on
            ages.cohort_month_on = spend.month_start_on
            and ages.acquisition_channel = spend.channel

),

totals as (

    select
        cohort_month_on,
        acquisition_channel,
        max(case when age_months = last_age_months then revenue_amount end) as revenue_amount,
        max(case when age_months = last_age_months then margin_amount end) as margin_amount,
        min(case when is_paid_back then age_months end) as payback_months
    from compared
    group by cohort_month_on, acquisition_channel

),

channels as (

    select * from {{ ref('channels') }}

),

-- What is only expected of them stands beside what they have brought, and is never added to it.
expected as (

    select
        cast({{ dbt.date_trunc('month', 'customer_value.first_purchase_on') }} as date) as cohort_month_on,
        coalesce(channels.channel, 'unknown') as acquisition_channel,
        count(customer_value.expected_net_365_days_amount) as predicted_customers,
        sum(customer_value.expected_net_365_days_amount) as expected_net_amount,
        case
            when
                count(customer_value.expected_margin_365_days_amount)
                = count(customer_value.expected_net_365_days_amount)
                then sum(customer_value.expected_margin_365_days_amount)
        end as expected_margin_amount
    from {{ ref('customer_value') }} as customer_value
    inner join {{ ref('dim_customers') }} as customers
        on customer_value.customer_id = customers.customer_id
    left join channels
        on customers.acquisition_channel = channels.channel
    group by
        cast({{ dbt.date_trunc('month', 'customer_value.first_purchase_on') }} as date),
        coalesce(channels.channel, 'unknown')

),

described as (

    select
        won.cohort_month_on,
        won.acquisition_channel,
        cast(won.new_customers as {{ dbt.type_bigint() }}) as new_customers,
        {{ as_total('totals.revenue_amount') }} as revenue_amount,
        {{ as_total('totals.margin_amount') }} as margin_amount,
        cast(totals.payback_months as {{ dbt.type_int() }}) as payback_months,
        cast(coalesce(expected.predicted_customers, 0) as {{ dbt.type_bigint() }}) as predicted_customers,
        {{ as_total('expected.expected_net_amount') }} as expected_net_365_days_amount,
        {{ as_total('expected.expected_margin_amount') }} as expected_margin_365_days_amount
    from won
    left join totals
        on
            won.cohort_month_on = totals.cohort_month_on
            and won.acquisition_channel = totals.acquisition_channel
    left join expected
        on
            won.cohort_month_on = expected.cohort_month_on
            and won.acquisition_channel = expected.acquisition_channel

)

select * from described
