{%- set window_days = var('cross_sell_window_days') -%}
with

as_of as (

    select as_of from {{ ref('int_as_of') }}

),

months as (

    select
        month_start_on,
        is_month_complete,
        {{ start_of_business_date(dbt.dateadd('month', 1, 'month_start_on')) }} as month_over_at
    from {{ ref('dim_dates') }}
    group by month_start_on, is_month_complete

),

moments as (

    select
        *,
        cast({{ dbt.date_trunc('month', 'purchased_on') }} as date) as month_start_on
    from {{ ref('int_purchase_moments') }}

),

-- What each purchase held: its categories, and the tier of each.
held as (

    select
        items.customer_id,
        items.ordered_at as purchased_at,
        products.category,
        max(tiers.tier_position) as tier_position
    from {{ ref('fct_order_items') }} as items
    inner join {{ ref('dim_products') }} as products
        on items.product_id = products.product_id
    left join {{ ref('int_product_tiers') }} as tiers
        on items.product_id = tiers.product_id
    where
        items.is_valid_order
        and items.customer_id is not null
        and products.is_product
        and products.category is not null
    group by items.customer_id, items.ordered_at, products.category

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

tiers_of_moments as (

    select
        customer_id,
        purchased_at,
        max(tier_position) as tier_position
    from held
    group by customer_id, purchased_at

),

steps as (

    select
        moments.customer_type,
        moments.month_start_on,
        tiers_of_moments.tier_position,
        lag(tiers_of_moments.tier_position) over (
            partition by moments.customer_id order by moments.purchased_at
        ) as previous_position
    from moments
    left join tiers_of_moments
        on
            moments.customer_id = tiers_of_moments.customer_id
            and moments.purchased_at = tiers_of_moments.purchased_at

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
        month_start_on,
        customer_type,
        count(*) as repeat_orders,
        sum(case when tier_position > previous_position then 1 else 0 end) as up_sold_orders
    from steps
    where tier_position is not null and previous_position is not null
    group by month_start_on, customer_type

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
        {{ add_days('months.month_over_at', window_days) }} <= as_of.as_of as is_window_over,
        cast(cross_sold.new_customers as {{ dbt.type_bigint() }}) as new_customers,
        {%- for measure in ['cross_sold_customers', 'later_cross_sold_customers'] %}
        cast(
            case when {{ add_days('months.month_over_at', window_days) }} <= as_of.as_of
                then cross_sold.{{ measure }} end
            as {{ dbt.type_bigint() }}
        ) as {{ measure }},
        {%- endfor %}
        case when {{ add_days('months.month_over_at', window_days) }} <= as_of.as_of
            then {{ rate('cross_sold.cross_sold_customers', 'cross_sold.new_customers') }} end as cross_sell_rate,
        cast(up_sold.repeat_orders as {{ dbt.type_bigint() }}) as repeat_orders,
        cast(up_sold.up_sold_orders as {{ dbt.type_bigint() }}) as up_sold_orders,
        case when months.is_month_complete
            then {{ rate('up_sold.up_sold_orders', 'up_sold.repeat_orders') }} end as up_sell_rate
    from types
    inner join months
        on types.month_start_on = months.month_start_on
    cross join as_of
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
