with

days as (

    select * from {{ ref('dim_date_periods') }}

),

-- Each customer once per period in which they bought.
buyer_periods as (

    select
        moments.customer_id,
        moments.customer_type,
        days.period_kind,
        days.period_start_on,
        days.previous_start_on,
        sum(moments.orders) as orders,
        min(moments.moment_number) as first_moment_number,
        max(moments.moment_number) as last_moment_number
    from {{ ref('int_purchase_moments') }} as moments
    inner join days
        on moments.purchased_on = days.date_on
    group by
        moments.customer_id, moments.customer_type,
        days.period_kind, days.period_start_on, days.previous_start_on

),

compared as (

    select
        *,
        lag(period_start_on) over (
            partition by customer_id, period_kind order by period_start_on
        ) as preceding_start_on
    from buyer_periods

),

totals as (

    select
        period_kind,
        period_start_on,
        customer_type,
        cast(count(*) as {{ dbt.type_bigint() }}) as buyers,
        cast(sum(orders) as {{ dbt.type_bigint() }}) as orders,
        cast(sum(case when first_moment_number = 1 then 1 else 0 end) as {{ dbt.type_bigint() }}) as new_buyers,
        cast(sum(case when last_moment_number > 1 then 1 else 0 end) as {{ dbt.type_bigint() }}) as repeat_buyers,
        cast(
            sum(case when preceding_start_on = previous_start_on then 1 else 0 end) as {{ dbt.type_bigint() }}
        ) as retained_buyers
    from compared
    group by period_kind, period_start_on, customer_type

)

select * from totals
