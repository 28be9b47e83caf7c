with

days as (

    select * from {{ ref('dim_date_periods') }}

),

-- The first purchase of a customer in a period stands for the customer.
purchases as (

    select
        moments.customer_type,
        moments.moment_number,
        moments.orders,
        days.period_kind,
        days.period_start_on,
        coalesce(moments.previous_purchased_on < days.period_start_on, true) as is_first_of_period,
        coalesce(moments.previous_purchased_on >= days.previous_start_on, false) as is_soon
    from {{ ref('int_purchase_moments') }} as moments
    inner join days
        on moments.purchased_on = days.date_on

),

counted as (

    select
        period_kind,
        period_start_on,
        customer_type,
        sum(case when is_first_of_period then 1 else 0 end) as buyers,
        sum(orders) as orders,
        sum(case when moment_number = 1 then 1 else 0 end) as new_buyers,
        sum(case when moment_number = 2 and not is_first_of_period then 1 else 0 end) as new_repeat_buyers,
        sum(case when is_first_of_period and is_soon then 1 else 0 end) as retained_buyers
    from purchases
    group by period_kind, period_start_on, customer_type

),

totals as (

    select
        period_kind,
        period_start_on,
        customer_type,
        cast(buyers as {{ dbt.type_bigint() }}) as buyers,
        cast(orders as {{ dbt.type_bigint() }}) as orders,
        cast(new_buyers as {{ dbt.type_bigint() }}) as new_buyers,
        cast(buyers - new_buyers + new_repeat_buyers as {{ dbt.type_bigint() }}) as repeat_buyers,
        cast(retained_buyers as {{ dbt.type_bigint() }}) as retained_buyers
    from counted

)

select * from totals
