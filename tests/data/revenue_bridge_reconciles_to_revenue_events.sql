-- Proves of the revenue bridge that the end of a month is all revenue events of the month, guests apart from
-- customers, and that a month starts with what the one before ended with. That it adds up in between a
-- test of the model says.
with

events as (

    select
        cast({{ dbt.date_trunc('month', 'occurred_on') }} as date) as month_start_on,
        sum(case when is_guest then amount else 0 end) as guest_amount,
        sum(case when not is_guest then amount else 0 end) as customer_amount
    from {{ ref('fct_revenue_events') }}
    group by cast({{ dbt.date_trunc('month', 'occurred_on') }} as date)

),

bridge as (

    select
        month_start_on,
        sum(case when customer_type = 'guest' then end_amount else 0 end) as guest_amount,
        sum(case when customer_type != 'guest' then end_amount else 0 end) as customer_amount
    from {{ ref('kpi_revenue_bridge') }}
    group by month_start_on

),

neighbours as (

    select
        month_start_on,
        start_amount,
        lag(end_amount, 1, 0) over (partition by customer_type order by month_start_on) as last_end_amount
    from {{ ref('kpi_revenue_bridge') }}

)

select
    coalesce(events.month_start_on, bridge.month_start_on) as month_start_on,
    'revenue' as what
from events
full outer join bridge
    on events.month_start_on = bridge.month_start_on
where
    coalesce(events.guest_amount, 0) != coalesce(bridge.guest_amount, 0)
    or coalesce(events.customer_amount, 0) != coalesce(bridge.customer_amount, 0)

union all

select
    month_start_on,
    'start' as what
from neighbours
where start_amount != last_end_amount
