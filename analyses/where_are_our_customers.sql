-- Where are our customers: how many in each stage, now, a month ago and a year ago?
with

as_of as (

    select max(date_on) as today_on from {{ ref('lifecycle_population_daily') }}

),

days as (

    select
        population.customer_type,
        population.stage,
        population.customers,
        {{ dbt.datediff('population.date_on', 'as_of.today_on', 'day') }} as days_ago
    from {{ ref('lifecycle_population_daily') }} as population
    cross join as_of

),

stages as (

    select
        days.customer_type,
        stages.position,
        days.stage,
        sum(case when days.days_ago = 0 then days.customers end) as customers,
        sum(case when days.days_ago = 30 then days.customers end) as customers_a_month_ago,
        sum(case when days.days_ago = 365 then days.customers end) as customers_a_year_ago
    from days
    inner join {{ ref('lifecycle_stages') }} as stages
        on days.stage = stages.stage
    group by days.customer_type, stages.position, days.stage

)

select * from stages
order by customer_type, position
