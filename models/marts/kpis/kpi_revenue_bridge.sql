{%- set gains = ['new', 'expansion', 'reactivation', 'winback'] -%}
{%- set losses = ['contraction', 'pause', 'churn'] -%}
{#- Beside the sum: what paused in earlier months and turned out to be lost in this one. -#}
{%- set beside = ['confirmed_churn'] -%}
with

months as (

    select
        month_start_on,
        is_month_complete
    from {{ ref('dim_dates') }}
    group by month_start_on, is_month_complete

),

movements as (

    select
        customer_type,
        month_start_on,
        movement,
        moved_amount
    from {{ ref('revenue_movements') }}

    union all

    select
        customer_type,
        cast({{ dbt.date_trunc('month', business_date('churned_at')) }} as date) as month_start_on,
        'confirmed_churn' as movement,
        lost_amount as moved_amount
    from {{ ref('confirmed_churns') }}

),

-- Every customer and month, the running one included: what the bridge leads from and to.
customer_revenue as (

    select
        customers.customer_type,
        customer_months.month_start_on,
        sum(customer_months.revenue_amount) as revenue_amount
    from {{ ref('fct_customer_months') }} as customer_months
    inner join {{ ref('dim_customers') }} as customers
        on customer_months.customer_id = customers.customer_id
    group by customers.customer_type, customer_months.month_start_on

),

guest_revenue as (

    select
        'guest' as customer_type,
        cast({{ dbt.date_trunc('month', 'occurred_on') }} as date) as month_start_on,
        sum(amount) as revenue_amount
    from {{ ref('fct_revenue_events') }}
    where is_guest
    group by cast({{ dbt.date_trunc('month', 'occurred_on') }} as date)

),

revenue as (

    select * from customer_revenue
    union all
    select * from guest_revenue

),

buckets as (

    select customer_type from revenue
    group by customer_type

),

every_month as (

    select
        months.month_start_on,
        months.is_month_complete,
        buckets.customer_type,
        coalesce(revenue.revenue_amount, 0) as end_amount,
        coalesce(lag(revenue.revenue_amount) over life, 0) as start_amount
    from months
    cross join buckets
    left join revenue
        on
            months.month_start_on = revenue.month_start_on
            and buckets.customer_type = revenue.customer_type
    window life as (partition by buckets.customer_type order by months.month_start_on)

),

moved as (

    select
        month_start_on,
        {%- for movement in gains + losses + beside %}
        sum(case when movement = '{{ movement }}' then moved_amount else 0 end) as {{ movement }}_amount,
        sum(case when movement = '{{ movement }}' then 1 else 0 end) as {{ movement }}_customers,
        {%- endfor %}
        customer_type
    from movements
    group by month_start_on, customer_type

),

bridge as (

    select
        every_month.month_start_on,
        every_month.customer_type,
        every_month.is_month_complete,
        {{ to_total('every_month.start_amount') }} as start_amount,
        {%- for movement in gains + losses + beside %}
        {{ to_total(
            'case when every_month.is_month_complete then coalesce(moved.' ~ movement ~ '_amount, 0) end'
        ) }} as {{ movement }}_amount,
        cast(
            case
                when every_month.is_month_complete and every_month.customer_type != 'guest'
                    then coalesce(moved.{{ movement }}_customers, 0)
            end as {{ dbt.type_bigint() }}
        ) as {{ movement }}_customers,
        {%- endfor %}
        {{ to_total(
            "case when every_month.is_month_complete and every_month.customer_type = 'guest'"
            ~ ' then every_month.end_amount - every_month.start_amount'
            ~ ' when every_month.is_month_complete then 0 end'
        ) }} as guest_change_amount,
        {{ to_total('every_month.end_amount') }} as end_amount
    from every_month
    left join moved
        on
            every_month.month_start_on = moved.month_start_on
            and every_month.customer_type = moved.customer_type

)

select * from bridge
