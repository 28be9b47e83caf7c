with

steps as (

    select * from {{ ref('kpi_journey_steps') }}

),

recent as (

    select
        customer_type,
        journey,
        step,
        stage,
        cast(sum(completed) as {{ type_double() }}) / nullif(sum(entered - dropped), 0) as completing_share
    from steps
    where period = 'recent'
    group by customer_type, journey, step, stage

),

left_behind as (

    select
        customer_type,
        journey,
        step,
        cast(sum(past_year_amount) as {{ type_double() }}) / count(*) as past_year_amount
    from {{ ref('kpi_journey_gap_customers') }}
    group by customer_type, journey, step

),

first_years as (

    select
        customer_type,
        cast(sum(cumulative_revenue_amount) as {{ type_double() }}) / sum(cohort_customers) as first_year_amount
    from {{ ref('kpi_cohorts') }}
    where age_months = 11 and is_mature
    group by customer_type

),

prospects as (

    select
        customer_type,
        cast(sum(completed) as {{ type_double() }}) / nullif(sum(completed + dropped), 0) as buying_share
    from steps
    where is_mature and stage in {{ prospects() }}
    group by customer_type

),

order_values as (

    select
        customer_type,
        cast(sum(revenue_amount) as {{ type_double() }}) / nullif(sum(orders), 0) as order_amount
    from {{ ref('kpi_sales') }}
    where is_month_complete
    group by customer_type

),

valued as (

    select
        recent.customer_type,
        recent.journey,
        recent.step,
        case
            when recent.journey != 'stages' then 'order'
            when recent.stage in {{ prospects() }} then 'first_year'
            else 'past_year'
        end as value_basis,
        order_values.order_amount
        * case when recent.journey in ('shop', 'b2b') then recent.completing_share else 1 end as order_amount,
        first_years.first_year_amount * prospects.buying_share as first_year_amount,
        left_behind.past_year_amount
    from recent
    left join left_behind
        on
            recent.customer_type = left_behind.customer_type
            and recent.journey = left_behind.journey
            and recent.step = left_behind.step
    left join first_years
        on recent.customer_type = first_years.customer_type
    left join prospects
        on recent.customer_type = prospects.customer_type
    left join order_values
        on recent.customer_type = order_values.customer_type

),

described as (

    select
        customer_type,
        journey,
        step,
        value_basis,
        {{ to_total("case value_basis when 'order' then order_amount when 'first_year' then first_year_amount"
            ~ " else past_year_amount end") }} as value_amount
    from valued

)

select * from described
