-- Proves that kpi_order_timing and kpi_sales hold the sales of each month to the cent, guests included, kpi_sales
-- also its revenue, and both the same orders.
with

events as (

    select
        cast({{ dbt.date_trunc('month', 'occurred_on') }} as date) as month_start_on,
        sum(amount) as revenue_amount,
        sum(case when revenue_event_type = 'sale' then amount else 0 end) as sales_amount
    from {{ ref('fct_revenue_events') }}
    group by cast({{ dbt.date_trunc('month', 'occurred_on') }} as date)

),

timing as (

    select
        month_start_on,
        sum(orders) as orders,
        sum(sales_amount) as sales_amount
    from {{ ref('kpi_order_timing') }}
    group by month_start_on

),

sales as (

    select
        month_start_on,
        sum(orders) as orders,
        sum(sales_amount) as sales_amount,
        sum(revenue_amount) as revenue_amount
    from {{ ref('kpi_sales') }}
    group by month_start_on

)

select
    sales.month_start_on,
    events.sales_amount,
    timing.sales_amount as timing_sales_amount,
    sales.sales_amount as sales_sales_amount
from sales
left join events
    on sales.month_start_on = events.month_start_on
left join timing
    on sales.month_start_on = timing.month_start_on
where
    sales.sales_amount != coalesce(events.sales_amount, 0)
    or sales.revenue_amount != coalesce(events.revenue_amount, 0)
    or sales.sales_amount != coalesce(timing.sales_amount, 0)
    or sales.orders != coalesce(timing.orders, 0)
