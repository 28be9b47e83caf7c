with

days as (

    select
        population.*,
        dates.month_start_on
    from {{ ref('lifecycle_population_daily') }} as population
    inner join {{ ref('dim_dates') }} as dates
        on population.date_on = dates.date_on

),

edges as (

    select
        *,
        row_number() over (
            partition by customer_type, stage, stage_detail, month_start_on order by date_on asc
        ) as day_from_start,
        row_number() over (
            partition by customer_type, stage, stage_detail, month_start_on order by date_on desc
        ) as day_from_end
    from days

),

months as (

    select
        month_start_on,
        customer_type,
        stage,
        stage_detail,
        cast(sum(case when day_from_start = 1 then customers - entries + exits end) as {{ dbt.type_bigint() }})
            as customers_at_start,
        cast(sum(entries) as {{ dbt.type_bigint() }}) as entries,
        cast(sum(exits) as {{ dbt.type_bigint() }}) as exits,
        cast(sum(case when day_from_end = 1 then customers end) as {{ dbt.type_bigint() }}) as customers_at_end
    from edges
    group by month_start_on, customer_type, stage, stage_detail

)

select * from months
