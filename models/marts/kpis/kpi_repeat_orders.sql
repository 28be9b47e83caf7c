with

as_of as (

    select as_of from {{ ref('int_as_of') }}

),

windows as (

    {% for days in var('repeat_windows_days') -%}
    select {{ days }} as window_days
    {% if not loop.last %}
    union all

    {% endif -%}
    {%- endfor %}
),

months as (

    select
        month_start_on,
        is_month_complete
    from {{ ref('dim_dates') }}
    group by month_start_on, is_month_complete

),

first_orders as (

    select
        cast({{ dbt.date_trunc('month', 'purchased_on') }} as date) as cohort_month_on,
        customer_type,
        purchased_at,
        next_purchased_at
    from {{ ref('int_purchase_moments') }}
    where moment_number = 1

),

last_orders as (

    select
        cohort_month_on,
        max(purchased_at) as last_first_order_at
    from first_orders
    group by cohort_month_on

),

counted as (

    select
        first_orders.cohort_month_on,
        first_orders.customer_type,
        windows.window_days,
        count(*) as cohort_customers,
        sum(
            case
                when
                    first_orders.next_purchased_at
                    <= {{ add_days('first_orders.purchased_at', 'windows.window_days') }} then 1
                else 0
            end
        ) as repeat_customers
    from first_orders
    cross join windows
    group by first_orders.cohort_month_on, first_orders.customer_type, windows.window_days

),

matured as (

    select
        counted.*,
        months.is_month_complete
        and {{ add_days('last_orders.last_first_order_at', 'counted.window_days') }} <= as_of.as_of as is_mature
    from counted
    inner join last_orders
        on counted.cohort_month_on = last_orders.cohort_month_on
    inner join months
        on counted.cohort_month_on = months.month_start_on
    cross join as_of

),

described as (

    select
        cohort_month_on,
        customer_type,
        cast(window_days as {{ dbt.type_int() }}) as window_days,
        is_mature,
        cast(cohort_customers as {{ dbt.type_bigint() }}) as cohort_customers,
        cast(case when is_mature then repeat_customers end as {{ dbt.type_bigint() }}) as repeat_customers,
        case when is_mature then {{ rate('repeat_customers', 'cohort_customers') }} end as repeat_rate
    from matured

)

select * from described
