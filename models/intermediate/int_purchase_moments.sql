{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'buyers']]
) }}

with

orders as (

    select * from {{ ref('int_orders') }}
    where
        is_valid_order and not is_guest
        and {{ touched() }}

),

customers as (

    select * from {{ ref('int_customers') }}

),

thresholds as (

    select * from {{ ref('lifecycle_thresholds') }}

),

-- Orders of one customer at the same instant are one purchase moment.
moments as (

    select
        customer_id,
        ordered_at as purchased_at,
        min(ordered_on) as purchased_on,
        min({{ sortable('order_id') }}) as order_id,
        count(*) as orders,
        sum(net_amount) as net_amount,
        sum(units) as units
    from orders
    group by customer_id, ordered_at

),

-- Each moment comes into the loyalty window and leaves it: a running sum over both is the window.
window_steps as (

    select
        moments.customer_id,
        moments.purchased_at as step_at,
        1 as is_entry,
        1 as moments,
        moments.net_amount
    from moments

    union all

    select
        moments.customer_id,
        {{ add_days('moments.purchased_at', 'thresholds.loyalty_window_days') }} as step_at,
        0 as is_entry,
        -1 as moments,
        -moments.net_amount as net_amount
    from moments
    inner join customers
        on moments.customer_id = customers.customer_id
    inner join thresholds
        on customers.customer_type = thresholds.customer_type

),

window_sums as (

    select
        customer_id,
        step_at,
        is_entry,
        sum(moments) over life as window_moments,
        sum(net_amount) over life as window_amount
    from window_steps
    window life as (
        partition by customer_id order by step_at, is_entry
        rows between unbounded preceding and current row
    )

),

counted as (

    select
        customer_id,
        purchased_at,
        purchased_on,
        order_id,
        orders,
        net_amount,
        units,
        row_number() over life as moment_number,
        lag(purchased_on) over life as previous_purchased_on,
        lead(purchased_at) over life as next_purchased_at,
        sum(net_amount) over life as total_net_amount,
        sum(units) over life as total_units
    from moments
    window life as (partition by customer_id order by purchased_at)

),

described as (

    select
        counted.customer_id,
        customers.customer_type,
        cast(counted.moment_number as {{ dbt.type_bigint() }}) as moment_number,
        counted.order_id,
        cast(counted.orders as {{ dbt.type_bigint() }}) as orders,
        {{ as_total('counted.net_amount') }} as net_amount,
        {{ as_total('counted.units') }} as units,
        {{ as_total('counted.total_net_amount') }} as total_net_amount,
        {{ as_total('counted.total_units') }} as total_units,
        cast(window_sums.window_moments as {{ dbt.type_bigint() }}) as window_moments,
        {{ as_total('window_sums.window_amount') }} as window_amount,
        coalesce(
            window_sums.window_moments >= thresholds.loyalty_min_orders
            or window_sums.window_amount >= thresholds.loyalty_min_amount,
            false
        ) as is_loyal,
        counted.purchased_at,
        counted.purchased_on,
        counted.previous_purchased_on,
        counted.next_purchased_at
    from counted
    inner join customers
        on counted.customer_id = customers.customer_id
    inner join thresholds
        on customers.customer_type = thresholds.customer_type
    inner join window_sums
        on
            counted.customer_id = window_sums.customer_id
            and counted.purchased_at = window_sums.step_at
            and window_sums.is_entry = 1

)

select * from described
