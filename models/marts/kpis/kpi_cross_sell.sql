{%- set window_days = var('cross_sell_window_days') -%}
with

as_of as (

    select as_of from {{ ref('int_as_of') }}

),

months as (

    select
        dates.month_start_on,
        dates.is_month_complete,
        as_of.as_of >= {{ add_days(
            start_of_business_date(dbt.dateadd('month', 1, 'dates.month_start_on')), window_days
        ) }} as is_window_over
    from {{ ref('dim_dates') }} as dates
    cross join as_of
    group by dates.month_start_on, dates.is_month_complete, as_of.as_of

),

moments as (

    select
        customer_id,
        customer_type,
        moment_number,
        purchased_at,
        cast({{ dbt.date_trunc('month', 'purchased_on') }} as date) as month_start_on
    from {{ ref('int_purchase_moments') }}

),

held as (

    select * from {{ ref('int_purchase_categories') }}

),

first_of_category as (

    select
        customer_id,
        category,
        min(purchased_at) as purchased_at
    from held
    group by customer_id, category

),

-- The categories of each new buyer within the window after the first order.
assortments as (

    select
        moments.customer_id,
        moments.customer_type,
        moments.month_start_on,
        count(bought.category) as categories,
        sum(case when bought.purchased_at > moments.purchased_at then 1 else 0 end) as later_categories
    from moments
    inner join first_of_category as bought
        on
            moments.customer_id = bought.customer_id
            and bought.purchased_at <= {{ add_days('moments.purchased_at', window_days) }}
    where moments.moment_number = 1
    group by moments.customer_id, moments.customer_type, moments.month_start_on

),

tiers_of_purchases as (

    select
        customer_id,
        purchased_at,
        max(tier_position) as tier_position
    from held
    where tier_position is not null
    group by customer_id, purchased_at

),

tiers_of_moments as (

    select
        moments.customer_id,
        moments.customer_type,
        moments.month_start_on,
        moments.moment_number,
        tiers_of_purchases.tier_position
    from tiers_of_purchases
    inner join moments
        on
            tiers_of_purchases.customer_id = moments.customer_id
            and tiers_of_purchases.purchased_at = moments.purchased_at

),

cross_sold as (

    select
        month_start_on,
        customer_type,
        count(*) as new_customers,
        sum(case when categories > 1 then 1 else 0 end) as cross_sold_customers,
        sum(case when categories > 1 and later_categories > 0 then 1 else 0 end) as later_cross_sold_customers
    from assortments
    group by month_start_on, customer_type

),

up_sold as (

    select
        orders.month_start_on,
        orders.customer_type,
        count(*) as repeat_orders,
        sum(case when orders.tier_position > orders_before.tier_position then 1 else 0 end) as up_sold_orders
    from tiers_of_moments as orders
    inner join tiers_of_moments as orders_before
        on
            orders.customer_id = orders_before.customer_id
            and orders.moment_number = orders_before.moment_number + 1
    group by orders.month_start_on, orders.customer_type

),

types as (

    select
        month_start_on,
        customer_type
    from moments
    group by month_start_on, customer_type

),

described as (

    select
        types.month_start_on,
        types.customer_type,
        months.is_month_complete,
        months.is_window_over,
        cast(cross_sold.new_customers as {{ dbt.type_bigint() }}) as new_customers,
        {%- for measure in ['cross_sold_customers', 'later_cross_sold_customers'] %}
        cast(case when months.is_window_over then cross_sold.{{ measure }} end as {{ dbt.type_bigint() }})
            as {{ measure }},
        {%- endfor %}
        {{ rate(
            'case when months.is_window_over then cross_sold.cross_sold_customers end', 'cross_sold.new_customers'
        ) }} as cross_sell_rate,
        cast(up_sold.repeat_orders as {{ dbt.type_bigint() }}) as repeat_orders,
        cast(up_sold.up_sold_orders as {{ dbt.type_bigint() }}) as up_sold_orders,
        {{ rate('case when months.is_month_complete then up_sold.up_sold_orders end', 'up_sold.repeat_orders') }}
            as up_sell_rate
    from types
    inner join months
        on types.month_start_on = months.month_start_on
    left join cross_sold
        on
            types.month_start_on = cross_sold.month_start_on
            and types.customer_type = cross_sold.customer_type
    left join up_sold
        on
            types.month_start_on = up_sold.month_start_on
            and types.customer_type = up_sold.customer_type

)

select * from described
