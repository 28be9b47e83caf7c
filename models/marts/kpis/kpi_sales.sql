{%- set measures = ['orders', 'sales_amount', 'revenue_amount'] -%}
with

dates as (

    select * from {{ ref('dim_dates') }}

),

-- The month in which knowledge begins is whole when it begins on its first day.
beginnings as (

    select min(date_on) as first_on from dates

),

revenue as (

    select
        month_start_on,
        customer_type,
        is_month_complete,
        end_amount as revenue_amount
    from {{ ref('kpi_revenue_bridge') }}

),

orders as (

    select
        coalesce(customers.customer_type, 'guest') as customer_type,
        orders.ordered_on,
        sum(case when orders.is_valid_order then 1 else 0 end) as orders,
        sum(orders.net_sales_amount) as sales_amount
    from {{ ref('fct_orders') }} as orders
    left join {{ ref('dim_customers') }} as customers
        on orders.customer_id = customers.customer_id
    where orders.is_sale
    group by coalesce(customers.customer_type, 'guest'), orders.ordered_on

),

order_months as (

    select
        orders.customer_type,
        dates.month_start_on,
        sum(orders.orders) as orders,
        sum(case when dates.iso_weekday >= 6 then orders.orders else 0 end) as weekend_orders,
        sum(orders.sales_amount) as sales_amount
    from orders
    inner join dates
        on orders.ordered_on = dates.date_on
    group by orders.customer_type, dates.month_start_on

),

every_month as (

    select
        revenue.month_start_on,
        revenue.customer_type,
        revenue.is_month_complete and revenue.month_start_on >= beginnings.first_on as is_month_complete,
        coalesce(order_months.orders, 0) as orders,
        coalesce(order_months.weekend_orders, 0) as weekend_orders,
        coalesce(order_months.sales_amount, 0) as sales_amount,
        revenue.revenue_amount
    from revenue
    cross join beginnings
    left join order_months
        on
            revenue.month_start_on = order_months.month_start_on
            and revenue.customer_type = order_months.customer_type

),

compared as (

    select
        *,
        {%- for measure in measures %}
        lag({{ measure }}, 12) over months as year_ago_{{ measure }},
        {%- endfor %}
        coalesce(is_month_complete and lag(is_month_complete, 12) over months, false) as is_comparable
    from every_month
    window months as (partition by customer_type order by month_start_on)

),

described as (

    select
        month_start_on,
        customer_type,
        is_month_complete,
        cast(orders as {{ dbt.type_bigint() }}) as orders,
        cast(weekend_orders as {{ dbt.type_bigint() }}) as weekend_orders,
        case when is_month_complete then {{ rate('weekend_orders', 'orders') }} end as weekend_order_rate,
        {{ to_total('sales_amount') }} as sales_amount,
        {{ to_total('revenue_amount') }} as revenue_amount,
        cast(case when is_comparable then year_ago_orders end as {{ dbt.type_bigint() }}) as year_ago_orders,
        {{ to_total('case when is_comparable then year_ago_sales_amount end') }} as year_ago_sales_amount,
        {%- for measure in measures %}
        case when is_comparable then {{ rate(measure ~ ' - year_ago_' ~ measure, 'year_ago_' ~ measure) }} end
            as {{ measure | replace('_amount', '') }}_change_ratio,
        {%- endfor %}
        {{ to_total('case when is_comparable then year_ago_revenue_amount end') }} as year_ago_revenue_amount
    from compared

)

select * from described
