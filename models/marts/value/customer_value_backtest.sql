with

deciles as (

    select * from {{ ref('customer_value_backtest_deciles') }}

),

totals as (

    select
        customer_type,
        max(parameters_cut_off) as parameters_cut_off,
        max(horizon_days) as horizon_days,
        cast(sum(customers) as {{ dbt.type_bigint() }}) as customers,
        cast(sum(expected_orders) as decimal(28, 6)) as expected_orders,
        cast(sum(actual_orders) as {{ dbt.type_bigint() }}) as actual_orders,
        {{ to_total('sum(expected_amount)') }} as expected_amount,
        {{ to_total('sum(actual_amount)') }} as actual_amount,
        cast(sum(case when decile = 1 then customers else 0 end) as {{ dbt.type_bigint() }}) as first_decile_customers,
        cast(sum(case when decile = 1 then actual_orders else 0 end) as {{ dbt.type_bigint() }})
            as first_decile_actual_orders,
        {{ to_total('sum(case when decile = 1 then actual_amount else 0 end)') }} as first_decile_actual_amount
    from deciles
    group by customer_type

),

rated as (

    select
        *,
        {{ rate('expected_orders - actual_orders', 'actual_orders') }} as orders_error_ratio,
        {{ rate('expected_amount - actual_amount', 'actual_amount') }} as amount_error_ratio,
        {{ rate('first_decile_actual_orders', 'actual_orders') }} as first_decile_orders_rate,
        {{ rate('first_decile_actual_amount', 'actual_amount') }} as first_decile_amount_rate
    from totals

)

select * from rated
