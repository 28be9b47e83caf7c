-- Proves that the gaps are those of the marts they are read from: as many customers stand behind each as left,
-- as many lapse in the recent months as kpi_customers and the lifecycle count, and carts and new buyers are those
-- of their marts.
with

gaps as (

    select
        customer_type,
        journey,
        step,
        dropped
    from {{ ref('kpi_journey_gaps') }}

),

customers as (

    select
        customer_type,
        journey,
        step,
        sum(drops) as drops
    from {{ ref('kpi_journey_gap_customers') }}
    group by customer_type, journey, step

),

steps as (

    select
        month_start_on,
        customer_type,
        sum(case when journey = 'stages' and stage in ('use', 'retention', 'loyalty', 'advocacy') then entered end)
            as engaged,
        sum(case when journey = 'cart' then dropped end) as abandoned_carts,
        sum(case when journey = 'onboarding' then entered end) as new_buyers
    from {{ ref('kpi_journey_steps') }}
    group by month_start_on, customer_type

),

engaged as (

    select
        period_start_on as month_start_on,
        customer_type,
        engaged_at_start,
        new_customers
    from {{ ref('kpi_customers') }}
    where period_kind = 'month'

),

carts as (

    select
        month_start_on,
        customer_type,
        sum(abandoned_carts) as abandoned_carts
    from {{ ref('kpi_funnel') }}
    group by month_start_on, customer_type

)

select
    'customers behind a gap' as what,
    coalesce(gaps.step, customers.step) as which
from gaps
full outer join customers
    on
        gaps.customer_type = customers.customer_type
        and gaps.journey = customers.journey
        and gaps.step = customers.step
where coalesce(gaps.dropped, 0) != coalesce(customers.drops, 0)

union all

select
    'months' as what,
    engaged.customer_type as which
from engaged
left join steps
    on
        engaged.month_start_on = steps.month_start_on
        and engaged.customer_type = steps.customer_type
left join carts
    on
        engaged.month_start_on = carts.month_start_on
        and engaged.customer_type = carts.customer_type
where
    coalesce(steps.engaged, 0) != engaged.engaged_at_start
    or coalesce(steps.new_buyers, 0) != engaged.new_customers
    or coalesce(steps.abandoned_carts, 0) != coalesce(carts.abandoned_carts, 0)
