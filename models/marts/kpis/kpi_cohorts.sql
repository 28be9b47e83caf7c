with

customers as (

    select
        customer_id,
        customer_type,
        cast({{ dbt.date_trunc('month', business_date('first_order_at')) }} as date) as cohort_month_on,
        acquisition_channel
    from {{ ref('dim_customers') }}
    where is_buyer

),

channels as (

    select * from {{ ref('channels') }}

),

months as (

    select
        month_start_on,
        is_month_complete
    from {{ ref('dim_dates') }}
    group by month_start_on, is_month_complete

),

members as (

    select
        customers.customer_id,
        customers.cohort_month_on,
        customers.customer_type,
        coalesce(channels.channel, 'unknown') as acquisition_channel
    from customers
    left join channels
        on customers.acquisition_channel = channels.channel

),

cohorts as (

    select
        cohort_month_on,
        customer_type,
        acquisition_channel,
        count(*) as cohort_customers
    from members
    group by cohort_month_on, customer_type, acquisition_channel

),

-- Money from before the first order that counts, of orders taken back, belongs to the first month.
money as (

    select
        members.cohort_month_on,
        members.customer_type,
        members.acquisition_channel,
        greatest(members.cohort_month_on, customer_months.month_start_on) as month_start_on,
        sum(case when customer_months.orders > 0 then 1 else 0 end) as active_customers,
        sum(customer_months.orders) as orders,
        sum(customer_months.revenue_amount) as revenue_amount,
        sum(customer_months.costed_revenue_amount) as costed_revenue_amount,
        sum(customer_months.margin_amount) as margin_amount
    from {{ ref('fct_customer_months') }} as customer_months
    inner join members
        on customer_months.customer_id = members.customer_id
    group by
        members.cohort_month_on, members.customer_type, members.acquisition_channel,
        greatest(members.cohort_month_on, customer_months.month_start_on)

),

-- A cell for every month of a cohort's life up to the running one.
cells as (

    select
        cohorts.*,
        months.month_start_on,
        months.is_month_complete,
        {{ dbt.datediff('cohorts.cohort_month_on', 'months.month_start_on', 'month') }} as age_months,
        coalesce(money.active_customers, 0) as active_customers,
        coalesce(money.orders, 0) as orders,
        coalesce(money.revenue_amount, 0) as revenue_amount,
        sum(money.revenue_amount) over life as cumulative_revenue_amount,
        sum(money.costed_revenue_amount) over life as cumulative_costed_revenue_amount,
        sum(money.margin_amount) over life as cumulative_margin_amount
    from cohorts
    inner join months
        on cohorts.cohort_month_on <= months.month_start_on
    left join money
        on
            cohorts.cohort_month_on = money.cohort_month_on
            and cohorts.customer_type = money.customer_type
            and cohorts.acquisition_channel = money.acquisition_channel
            and months.month_start_on = money.month_start_on
    window life as (
        partition by cohorts.cohort_month_on, cohorts.customer_type, cohorts.acquisition_channel
        order by months.month_start_on
        rows between unbounded preceding and current row
    )

),

-- The running month says nothing yet.
matured as (

    select
        cohort_month_on,
        customer_type,
        acquisition_channel,
        cast(age_months as {{ dbt.type_int() }}) as age_months,
        month_start_on,
        is_month_complete as is_mature,
        cast(cohort_customers as {{ dbt.type_bigint() }}) as cohort_customers
        {%- for measure in ['active_customers', 'orders'] %},
        cast(case when is_month_complete then {{ measure }} end as {{ dbt.type_bigint() }}) as {{ measure }}
        {%- endfor %},
        case when is_month_complete then {{ rate('active_customers', 'cohort_customers') }} end
            as retention_rate
        {%- for measure in [
            'revenue_amount', 'cumulative_revenue_amount', 'cumulative_costed_revenue_amount', 'cumulative_margin_amount',
        ] %},
        {{ to_total('case when is_month_complete then ' ~ measure ~ ' end') }} as {{ measure }}
        {%- endfor %},
        case when is_month_complete then {{ to_total(
            'cumulative_revenue_amount / cast(cohort_customers as decimal(18, 0))'
        ) }} end as revenue_per_customer_amount,
        case when is_month_complete then {{ to_total(
            known_margin('cumulative_margin_amount', 'cumulative_costed_revenue_amount', 'cumulative_revenue_amount')
            ~ ' / cast(cohort_customers as decimal(18, 0))'
        ) }} end as margin_per_customer_amount
    from cells

)

select * from matured
