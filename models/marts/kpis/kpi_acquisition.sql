{%- set objectives = ['acquisition', 'development', 'retention', 'winback', 'unknown'] -%}
with

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

spend as (

    select
        month_start_on,
        channel
        {%- for objective in objectives %},
        sum(case when objective = '{{ objective }}' then spend_amount else 0 end) as {{ objective }}_spend_amount
        {%- endfor %},
        sum(spend_amount) as total_spend_amount,
        sum(impressions) as impressions,
        sum(clicks) as clicks
    from {{ ref('int_marketing_spend') }}
    group by month_start_on, channel

),

-- Nothing is known of the months before the first spend and after the last.
spend_bounds as (

    select
        min(month_start_on) as first_month_on,
        max(month_start_on) as last_month_on
    from spend

),

prospects as (

    select
        cast({{ dbt.date_trunc('month', business_date('customers.first_touch_at')) }} as date) as month_start_on,
        coalesce(channels.channel, 'unknown') as channel,
        count(*) as new_prospects
    from {{ ref('dim_customers') }} as customers
    left join channels
        on customers.acquisition_channel = channels.channel
    where
        customers.first_touch_at <= customers.first_order_at
        or (customers.first_touch_at is not null and customers.first_order_at is null)
    group by
        cast({{ dbt.date_trunc('month', business_date('customers.first_touch_at')) }} as date),
        coalesce(channels.channel, 'unknown')

),

cells as (

    select
        cohort_month_on as month_start_on,
        acquisition_channel as channel,
        age_months,
        sum(cumulative_revenue_amount) as revenue_amount,
        {{ known_margin(
            'sum(cumulative_margin_amount)', 'sum(cumulative_costed_revenue_amount)', 'sum(cumulative_revenue_amount)'
        ) }} as margin_amount
    from {{ ref('kpi_cohorts') }}
    where is_mature
    group by cohort_month_on, acquisition_channel, age_months

),

cohorts as (

    select
        cohort_month_on as month_start_on,
        acquisition_channel as channel,
        sum(cohort_customers) as new_customers
    from {{ ref('kpi_cohorts') }}
    where age_months = 0
    group by cohort_month_on, acquisition_channel

),

last_ages as (

    select
        month_start_on,
        channel,
        max(age_months) as age_months
    from cells
    group by month_start_on, channel

),

values_so_far as (

    select cells.*
    from cells
    inner join last_ages
        on
            cells.month_start_on = last_ages.month_start_on
            and cells.channel = last_ages.channel
            and cells.age_months = last_ages.age_months

),

keys as (

    select
        month_start_on,
        channel
    from spend
    union
    select
        month_start_on,
        channel
    from prospects
    union
    select
        month_start_on,
        channel
    from cohorts

),

joined as (

    select
        keys.month_start_on,
        keys.channel,
        months.is_month_complete,
        keys.month_start_on between spend_bounds.first_month_on and spend_bounds.last_month_on as is_spend_known,
        spend.impressions,
        spend.clicks
        {%- for measure in objectives + ['total'] %},
        coalesce(spend.{{ measure }}_spend_amount, 0) as {{ measure }}_spend_amount
        {%- endfor %},
        coalesce(prospects.new_prospects, 0) as new_prospects,
        coalesce(cohorts.new_customers, 0) as new_customers,
        values_so_far.revenue_amount,
        values_so_far.margin_amount
    from keys
    inner join months
        on keys.month_start_on = months.month_start_on
    cross join spend_bounds
    left join spend
        on
            keys.month_start_on = spend.month_start_on
            and keys.channel = spend.channel
    left join prospects
        on
            keys.month_start_on = prospects.month_start_on
            and keys.channel = prospects.channel
    left join cohorts
        on
            keys.month_start_on = cohorts.month_start_on
            and keys.channel = cohorts.channel
    left join values_so_far
        on
            keys.month_start_on = values_so_far.month_start_on
            and keys.channel = values_so_far.channel

),

-- The first month by whose end the customers have brought what it cost to win them.
paid_back as (

    select
        joined.month_start_on,
        joined.channel,
        min(cells.age_months) as payback_months
    from joined
    inner join cells
        on
            joined.month_start_on = cells.month_start_on
            and joined.channel = cells.channel
            and joined.acquisition_spend_amount <= cells.margin_amount
    where
        joined.is_month_complete
        and joined.acquisition_spend_amount > 0
    group by joined.month_start_on, joined.channel

),

described as (

    select
        joined.month_start_on,
        joined.channel,
        channels.channel_group,
        joined.is_month_complete,
        cast(joined.impressions as {{ dbt.type_bigint() }}) as impressions,
        cast(joined.clicks as {{ dbt.type_bigint() }}) as clicks
        {%- for measure in objectives + ['total'] %},
        {{ to_total('case when joined.is_spend_known then joined.' ~ measure ~ '_spend_amount end') }}
            as {{ measure }}_spend_amount
        {%- endfor %},
        cast(joined.new_prospects as {{ dbt.type_bigint() }}) as new_prospects,
        cast(joined.new_customers as {{ dbt.type_bigint() }}) as new_customers,
        case when joined.is_month_complete and joined.is_spend_known then {{ to_total(
            'joined.acquisition_spend_amount / nullif(joined.new_customers, 0)'
        ) }} end as acquisition_cost_amount,
        {{ to_total('joined.revenue_amount') }} as cohort_revenue_amount,
        {{ to_total('joined.margin_amount') }} as cohort_margin_amount,
        case when joined.is_month_complete and joined.is_spend_known
            then {{ rate('joined.margin_amount', 'joined.acquisition_spend_amount') }} end
            as value_to_acquisition_cost_rate,
        cast(paid_back.payback_months as {{ dbt.type_int() }}) as payback_months
    from joined
    inner join channels
        on joined.channel = channels.channel
    left join paid_back
        on
            joined.month_start_on = paid_back.month_start_on
            and joined.channel = paid_back.channel

)

select * from described
