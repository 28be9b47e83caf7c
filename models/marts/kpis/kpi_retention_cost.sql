with

months as (

    select
        month_start_on,
        is_month_complete
    from {{ ref('dim_dates') }}
    group by month_start_on, is_month_complete

),

spend as (

    select
        month_start_on,
        sum(case when objective = 'acquisition' then spend_amount else 0 end) as acquisition_spend_amount,
        sum(case when objective in ('development', 'retention', 'winback') then spend_amount else 0 end)
            as retention_spend_amount
    from {{ ref('int_marketing_spend') }}
    group by month_start_on

),

spend_bounds as (

    select
        min(month_start_on) as first_month_on,
        max(month_start_on) as last_month_on
    from spend

),

contacts as (

    select
        month_start_on,
        sum(prospect_cost_amount) as prospect_contact_cost_amount,
        sum(buyer_cost_amount) as retention_contact_cost_amount
    from {{ ref('int_contact_costs') }}
    group by month_start_on

),

customers as (

    select
        period_start_on as month_start_on,
        sum(new_customers) as new_customers,
        sum(active_customers) as active_customers
    from {{ ref('kpi_customers') }}
    where period_kind = 'month'
    group by period_start_on

),

-- What the customers of a month, of all channels, had brought by the end of each month of their age.
ages as (

    select
        cohort_month_on as month_start_on,
        age_months,
        {{ known_margin(
            'sum(cumulative_margin_amount)', 'sum(cumulative_costed_revenue_amount)', 'sum(cumulative_revenue_amount)'
        ) }} as margin_amount
    from {{ ref('kpi_cohorts') }}
    where is_mature
    group by cohort_month_on, age_months

),

paybacks as (

    select
        ages.month_start_on,
        min(ages.age_months) as payback_months
    from ages
    inner join spend
        on ages.month_start_on = spend.month_start_on
    where spend.acquisition_spend_amount > 0 and ages.margin_amount >= spend.acquisition_spend_amount
    group by ages.month_start_on

),

contact_bounds as (

    select min(month_start_on) as first_month_on from contacts

),

months_known as (

    select
        months.*,
        coalesce(months.month_start_on between spend_bounds.first_month_on and spend_bounds.last_month_on, false)
            as is_spend_known,
        contact_bounds.first_month_on is not null as is_contact_known
    from months
    cross join spend_bounds
    cross join contact_bounds

),

-- A month in which nobody was contacted cost nothing, as long as contacts are known at all.
known as (

    select
        months.month_start_on,
        months.is_month_complete,
        {%- for measure in ['acquisition_spend_amount', 'retention_spend_amount'] %}
        case when months.is_spend_known then coalesce(spend.{{ measure }}, 0) end as {{ measure }},
        {%- endfor %}
        {%- for measure in ['prospect_contact_cost_amount', 'retention_contact_cost_amount'] %}
        case when months.is_contact_known then coalesce(contacts.{{ measure }}, 0) end as {{ measure }},
        {%- endfor %}
        coalesce(customers.new_customers, 0) as new_customers,
        coalesce(customers.active_customers, 0) as active_customers,
        paybacks.payback_months
    from months_known as months
    left join spend
        on months.month_start_on = spend.month_start_on
    left join contacts
        on months.month_start_on = contacts.month_start_on
    left join customers
        on months.month_start_on = customers.month_start_on
    left join paybacks
        on months.month_start_on = paybacks.month_start_on

),

costs as (

    select
        *,
        case when is_month_complete then acquisition_spend_amount / nullif(new_customers, 0) end
            as acquisition_cost_amount,
        retention_spend_amount + coalesce(retention_contact_cost_amount, 0) as retention_cost_amount
    from known

),

per_customer as (

    select
        *,
        case when is_month_complete then retention_cost_amount / nullif(active_customers, 0) end
            as retention_cost_per_customer_amount
    from costs

),

described as (

    select
        month_start_on,
        is_month_complete,
        cast(new_customers as {{ dbt.type_bigint() }}) as new_customers,
        {{ to_total('acquisition_spend_amount') }} as acquisition_spend_amount,
        {{ to_total('prospect_contact_cost_amount') }} as prospect_contact_cost_amount,
        {{ to_total('acquisition_cost_amount') }} as acquisition_cost_amount,
        cast(payback_months as {{ dbt.type_int() }}) as payback_months,
        cast(active_customers as {{ dbt.type_bigint() }}) as active_customers,
        {{ to_total('retention_spend_amount') }} as retention_spend_amount,
        {{ to_total('retention_contact_cost_amount') }} as retention_contact_cost_amount,
        {{ to_total('retention_cost_amount') }} as retention_cost_amount,
        {{ to_total('retention_cost_per_customer_amount') }} as retention_cost_per_customer_amount,
        {{ rate('acquisition_cost_amount', 'retention_cost_per_customer_amount') }}
            as acquisition_to_retention_cost_ratio
    from per_customer

)

select * from described
