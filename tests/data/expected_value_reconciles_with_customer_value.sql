-- What is expected of all buyers is what is expected of all cohorts, and nobody is in two of them.
with

acquired as (

    select
        sum(predicted_customers) as predicted_customers,
        sum(expected_net_365_days_amount) as expected_net_amount
    from {{ ref('kpi_acquisition') }}

),

buyers as (

    select
        count(expected_net_365_days_amount) as predicted_customers,
        sum(expected_net_365_days_amount) as expected_net_amount
    from {{ ref('customer_value') }}

)

select
    acquired.predicted_customers,
    buyers.predicted_customers as buyers_predicted,
    acquired.expected_net_amount,
    buyers.expected_net_amount as expected_net_of_buyers
from acquired
cross join buyers
where
    coalesce(acquired.predicted_customers, 0) != buyers.predicted_customers
    or coalesce(acquired.expected_net_amount, 0) != coalesce(buyers.expected_net_amount, 0)
