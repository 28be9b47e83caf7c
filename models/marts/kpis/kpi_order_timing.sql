with

dates as (

    select * from {{ ref('dim_dates') }}

),

orders as (

    select
        ordered_on,
        cast(extract(hour from {{ to_business_time('ordered_at') }}) as {{ dbt.type_int() }}) as ordered_hour,
        is_valid_order,
        net_sales_amount
    from {{ ref('fct_orders') }}
    where is_sale

),

-- Days are few: each is described once, after the orders of its hours are added up.
hours as (

    select
        ordered_on,
        ordered_hour,
        sum(case when is_valid_order then 1 else 0 end) as orders,
        sum(net_sales_amount) as sales_amount
    from orders
    group by ordered_on, ordered_hour

),

timing as (

    select
        dates.month_start_on,
        dates.iso_weekday,
        hours.ordered_hour,
        dates.iso_weekday >= 6 as is_weekend,
        dates.is_month_complete,
        cast(sum(hours.orders) as {{ dbt.type_bigint() }}) as orders,
        {{ to_total('sum(hours.sales_amount)') }} as sales_amount
    from hours
    inner join dates
        on hours.ordered_on = dates.date_on
    group by dates.month_start_on, dates.iso_weekday, hours.ordered_hour, dates.is_month_complete

)

select * from timing
