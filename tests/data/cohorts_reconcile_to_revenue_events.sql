-- Proves that the cohorts hold every buyer once, and all revenue events of buyers in complete months.
with

expected as (

    select
        count(distinct customers.customer_id) as customers,
        coalesce(sum(events.amount), 0) as amount
    from {{ ref('dim_customers') }} as customers
    inner join {{ ref('fct_revenue_events') }} as events
        on customers.customer_id = events.customer_id
    inner join {{ ref('dim_dates') }} as dates
        on events.occurred_on = dates.date_on
    where customers.is_buyer and dates.is_month_complete

),

buyers as (

    select count(*) as customers from {{ ref('dim_customers') }}
    where is_buyer

),

cohorts as (

    select
        coalesce(sum(case when age_months = 0 then cohort_customers end), 0) as customers,
        coalesce(sum(revenue_amount), 0) as amount
    from {{ ref('kpi_cohorts') }}

)

select
    cohorts.customers,
    buyers.customers as expected_customers,
    cohorts.amount,
    expected.amount as expected_amount
from cohorts
cross join expected
cross join buyers
where
    cohorts.amount != expected.amount
    or cohorts.customers != buyers.customers
