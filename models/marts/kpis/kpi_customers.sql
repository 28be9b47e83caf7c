with

flow as (

    select * from {{ ref('lifecycle_flow_periods') }}

),

purchases as (

    select * from {{ ref('purchase_periods') }}

),

joined as (

    select
        flow.*,
        coalesce(purchases.buyers, 0) as active_customers,
        coalesce(purchases.new_buyers, 0) as new_customers,
        coalesce(purchases.repeat_buyers, 0) as repeat_customers,
        coalesce(purchases.retained_buyers, 0) as retained_customers
    from flow
    left join purchases
        on
            flow.period_kind = purchases.period_kind
            and flow.period_start_on = purchases.period_start_on
            and flow.customer_type = purchases.customer_type

),

with_previous as (

    select
        *,
        coalesce(lag(active_customers) over periods, 0) as previous_active_customers
    from joined
    window periods as (partition by period_kind, customer_type order by period_start_on)

),

customers as (

    select
        period_kind,
        period_start_on,
        customer_type,
        is_period_complete,
        buyers_at_start,
        new_customers,
        buyers_at_end,
        active_customers,
        repeat_customers,
        previous_active_customers,
        retained_customers,
        decline_entries,
        declining_at_end,
        unchurned_at_start,
        churn_entries,
        churned_at_end,
        winback_entries,
        engaged_at_start,
        still_engaged_at_end,
        case when is_period_complete then {{ rate('repeat_customers', 'active_customers') }} end
            as repurchase_rate,
        case
            when is_period_complete and period_kind != 'day'
                then {{ rate('retained_customers', 'previous_active_customers') }}
        end as retention_rate,
        case when is_period_complete then {{ rate('still_engaged_at_end', 'engaged_at_start') }} end
            as stage_retention_rate,
        case when is_period_complete then {{ rate('churn_entries', 'unchurned_at_start') }} end as churn_rate
    from with_previous

)

select * from customers
