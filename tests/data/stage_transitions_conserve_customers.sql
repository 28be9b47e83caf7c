-- Proves that whoever was in a stage as a month began is somewhere when it is over: the rows of
-- kpi_stage_transitions add up to what lifecycle_flow_monthly counted. Each row is a stage that does not.
with

counted as (

    select
        month_start_on,
        customer_type,
        from_stage as stage,
        sum(customers) as customers,
        min(customers_at_start) as least_at_start,
        max(customers_at_start) as most_at_start
    from {{ ref('kpi_stage_transitions') }}
    group by month_start_on, customer_type, from_stage

),

expected as (

    select
        month_start_on,
        customer_type,
        stage,
        sum(customers_at_start) as customers
    from {{ ref('lifecycle_flow_monthly') }}
    group by month_start_on, customer_type, stage
    having sum(customers_at_start) > 0

)

select
    expected.*,
    counted.customers as counted
from expected
full outer join counted
    on
        expected.month_start_on = counted.month_start_on
        and expected.customer_type = counted.customer_type
        and expected.stage = counted.stage
where
    expected.customers is distinct from counted.customers
    or expected.customers is distinct from counted.least_at_start
    or expected.customers is distinct from counted.most_at_start
