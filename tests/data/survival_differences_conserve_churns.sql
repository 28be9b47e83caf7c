-- Proves of every comparison of kpi_survival_differences that its groups are all buyers once, that their churns
-- are those of kpi_survival, and that as many were to be expected in all as there were.
with

compared as (

    select
        compared_by,
        customer_type,
        sum(customers) as customers,
        sum(churned) as churned,
        sum(expected_churned) as expected_churned
    from {{ ref('kpi_survival_differences') }}
    group by compared_by, customer_type

),

lives as (

    select
        customer_type,
        sum(churned + censored) as customers,
        sum(churned) as churned
    from {{ ref('kpi_survival') }}
    where cohort_year_start_on is null
    group by customer_type

),

expected as (

    select
        'acquisition_channel_group' as compared_by,
        customer_type,
        customers,
        churned
    from lives

    union all

    select
        'customer_type' as compared_by,
        cast(null as {{ dbt.type_string() }}) as customer_type,
        sum(customers) as customers,
        sum(churned) as churned
    from lives
    having count(*) > 0

)

select
    expected.compared_by,
    expected.customer_type
from expected
full outer join compared
    on
        expected.compared_by = compared.compared_by
        and coalesce(expected.customer_type, '') = coalesce(compared.customer_type, '')
where
    expected.customers is distinct from compared.customers
    or expected.churned is distinct from compared.churned
    or abs(compared.expected_churned - compared.churned) > 0.0001
