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

acquired as (

    select
        cohort_month_on as month_start_on,
        acquisition_channel as channel,
        new_customers,
        revenue_amount,
        margin_amount,
        payback_months,
        predicted_customers,
        expected_net_365_days_amount,
        expected_margin_365_days_amount
    from {{ ref('acquired_values') }}

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
    from acquired

),

joined as (

    select
        keys.month_start_on,
        keys.channel,
        months.is_month_complete,
        keys.month_start_on between spend_bounds.first_month_on and spend_bounds.last_month_on as is_spend_known,
        spend.impressions,
        spend.clicks,
        {%- for measure in objectives + ['total'] %}
        coalesce(spend.{{ measure }}_spend_amount, 0) as {{ measure }}_spend_amount,
        {%- endfor %}
        coalesce(prospects.new_prospects, 0) as new_prospects,
        coalesce(acquired.new_customers, 0) as new_customers,
        acquired.revenue_amount,
        acquired.margin_amount,
        acquired.payback_months,
        coalesce(acquired.predicted_customers, 0) as predicted_customers,
        acquired.expected_net_365_days_amount,
        acquired.expected_margin_365_days_amount
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
    left join acquired
        on
            keys.month_start_on = acquired.month_start_on
            and keys.channel = acquired.channel

),

described as (

    select
        joined.month_start_on,
        joined.channel,
        channels.channel_group,
        joined.is_month_complete,
        cast(joined.impressions as {{ dbt.type_bigint() }}) as impressions,
        cast(joined.clicks as {{ dbt.type_bigint() }}) as clicks,
        {%- for measure in objectives + ['total'] %}
        {{ to_total('case when joined.is_spend_known then joined.' ~ measure ~ '_spend_amount end') }}
            as {{ measure }}_spend_amount,
        {%- endfor %}
        cast(joined.new_prospects as {{ dbt.type_bigint() }}) as new_prospects,
        cast(joined.new_customers as {{ dbt.type_bigint() }}) as new_customers,
        {{ to_total(
            'case when joined.is_month_complete and joined.is_spend_known'
            ~ ' then joined.acquisition_spend_amount / nullif(joined.new_customers, 0) end'
        ) }} as acquisition_cost_amount,
        {{ to_total('joined.revenue_amount') }} as cohort_revenue_amount,
        {{ to_total('joined.margin_amount') }} as cohort_margin_amount,
        {{ rate(
            'case when joined.is_month_complete and joined.is_spend_known then joined.margin_amount end',
            'joined.acquisition_spend_amount'
        ) }} as value_to_acquisition_cost_ratio,
        cast(joined.payback_months as {{ dbt.type_int() }}) as payback_months,
        cast(joined.predicted_customers as {{ dbt.type_bigint() }}) as predicted_customers,
        joined.expected_net_365_days_amount,
        joined.expected_margin_365_days_amount,
        {{ rate(
            'case when joined.is_month_complete and joined.is_spend_known'
            ~ ' and joined.predicted_customers = joined.new_customers then joined.expected_margin_365_days_amount end',
            'joined.acquisition_spend_amount'
        ) }} as expected_to_acquisition_cost_ratio
    from joined
    inner join channels
        on joined.channel = channels.channel

)

select * from described
