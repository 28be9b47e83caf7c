-- Proves to the last digit that no model of attribution loses or invents a purchase or its revenue: in each
-- month and model kpi_attribution adds up to the purchase moments and the net value of fct_orders and of
-- fct_revenue_events. Filter: valid orders of known customers, refunds counted in the month of their order.
with

orders as (

    select
        order_id,
        customer_id,
        ordered_at,
        net_amount,
        cast({{ dbt.date_trunc('month', 'ordered_on') }} as date) as month_start_on
    from {{ ref('fct_orders') }}
    where is_valid_order and not is_guest

),

moments as (

    select distinct
        month_start_on,
        customer_id,
        ordered_at
    from orders

),

counted as (

    select
        month_start_on,
        count(*) as conversions
    from moments
    group by month_start_on

),

valued as (

    select
        month_start_on,
        sum(net_amount) as revenue_amount
    from orders
    group by month_start_on

),

recorded as (

    select
        orders.month_start_on,
        sum(events.amount) as revenue_amount
    from {{ ref('fct_revenue_events') }} as events
    inner join orders
        on events.order_id = orders.order_id
    group by orders.month_start_on

),

told as (

    select
        month_start_on,
        attribution_model,
        sum(conversions) as conversions,
        sum(revenue_amount) as revenue_amount
    from {{ ref('kpi_attribution') }}
    group by month_start_on, attribution_model

),

models as (

    select distinct attribution_model from {{ ref('attribution_credits') }}

),

expected as (

    select
        counted.month_start_on,
        models.attribution_model,
        counted.conversions,
        valued.revenue_amount,
        recorded.revenue_amount as recorded_amount
    from counted
    cross join models
    inner join valued
        on counted.month_start_on = valued.month_start_on
    left join recorded
        on counted.month_start_on = recorded.month_start_on

)

select
    coalesce(expected.month_start_on, told.month_start_on) as month_start_on,
    coalesce(expected.attribution_model, told.attribution_model) as attribution_model,
    expected.conversions as expected_conversions,
    told.conversions as told_conversions,
    expected.revenue_amount as expected_amount,
    expected.recorded_amount,
    told.revenue_amount as told_amount
from expected
full outer join told
    on
        expected.month_start_on = told.month_start_on
        and expected.attribution_model = told.attribution_model
where
    coalesce(expected.conversions, 0) <> coalesce(told.conversions, 0)
    or coalesce(expected.revenue_amount, 0) <> coalesce(told.revenue_amount, 0)
    or coalesce(expected.recorded_amount, 0) <> coalesce(told.revenue_amount, 0)
