-- Proves that two routes to one number agree: the population accumulated to the last day is the number
-- of customers in lifecycle_current, by customer type, stage and detail.
with

as_of as (

    select * from {{ ref('int_as_of') }}

),

accumulated as (

    select
        population.customer_type,
        population.stage,
        coalesce(population.stage_detail, '') as stage_detail,
        population.customers
    from {{ ref('lifecycle_population_daily') }} as population
    inner join as_of
        on population.date_on = as_of.as_of_on

),

counted as (

    select
        customer_type,
        stage,
        coalesce(stage_detail, '') as stage_detail,
        count(*) as customers
    from {{ ref('lifecycle_current') }}
    group by customer_type, stage, coalesce(stage_detail, '')

),

compared as (

    select
        coalesce(accumulated.customer_type, counted.customer_type) as customer_type,
        coalesce(accumulated.stage, counted.stage) as stage,
        coalesce(accumulated.stage_detail, counted.stage_detail) as stage_detail,
        coalesce(accumulated.customers, 0) as accumulated_customers,
        coalesce(counted.customers, 0) as counted_customers
    from accumulated
    full outer join counted
        on
            accumulated.customer_type = counted.customer_type
            and accumulated.stage = counted.stage
            and accumulated.stage_detail = counted.stage_detail

)

select * from compared
where accumulated_customers <> counted_customers
