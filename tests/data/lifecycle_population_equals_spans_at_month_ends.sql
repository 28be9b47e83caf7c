-- Proves that the accumulated population of a day is the number of customers whose span holds when the
-- day is over, counted one by one at the end of every complete month; so each customer is in exactly
-- one stage then.
with

month_ends as (

    select
        date_on,
        {{ start_of_business_date(add_days_to_date('date_on', 1)) }} as over_at
    from (
        select max(date_on) as date_on
        from {{ ref('dim_dates') }}
        where is_month_complete
        group by month_start_on
    ) as last_days

),

counted as (

    select
        month_ends.date_on,
        customers.customer_type,
        spans.stage,
        coalesce(spans.stage_detail, '') as stage_detail,
        count(*) as customers
    from month_ends
    inner join {{ ref('lifecycle_spans') }} as spans
        on
            spans.valid_from < month_ends.over_at
            and (spans.valid_to >= month_ends.over_at or spans.valid_to is null)
    inner join {{ ref('int_customers') }} as customers
        on spans.customer_id = customers.customer_id
    group by month_ends.date_on, customers.customer_type, spans.stage, coalesce(spans.stage_detail, '')

),

accumulated as (

    select
        population.date_on,
        population.customer_type,
        population.stage,
        coalesce(population.stage_detail, '') as stage_detail,
        population.customers
    from {{ ref('lifecycle_population_daily') }} as population
    inner join month_ends
        on population.date_on = month_ends.date_on

),

compared as (

    select
        coalesce(accumulated.date_on, counted.date_on) as date_on,
        coalesce(accumulated.customer_type, counted.customer_type) as customer_type,
        coalesce(accumulated.stage, counted.stage) as stage,
        coalesce(accumulated.stage_detail, counted.stage_detail) as stage_detail,
        coalesce(accumulated.customers, 0) as accumulated_customers,
        coalesce(counted.customers, 0) as counted_customers
    from accumulated
    full outer join counted
        on
            accumulated.date_on = counted.date_on
            and accumulated.customer_type = counted.customer_type
            and accumulated.stage = counted.stage
            and accumulated.stage_detail = counted.stage_detail

)

select * from compared
where accumulated_customers <> counted_customers
