with

deciles as (

    select
        customer_type,
        decile,
        max(cut_off) as parameters_cut_off,
        max(horizon_days) as horizon_days,
        cast(count(*) as {{ dbt.type_bigint() }}) as customers,
        cast(sum(expected_orders) as decimal(28, 6)) as expected_orders,
        cast(sum(actual_orders) as {{ dbt.type_bigint() }}) as actual_orders,
        {{ to_total('sum(expected_amount)') }} as expected_amount,
        {{ to_total('sum(actual_amount)') }} as actual_amount
    from {{ ref('int_back_tested_buyers') }}
    group by customer_type, decile

)

select * from deciles
