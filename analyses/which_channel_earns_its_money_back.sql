-- Which channel earns its money back? Spend and new customers of all complete months, and what they
-- have brought so far.
with

channels as (

    select
        channel,
        sum(acquisition_spend_amount) as spend_amount,
        sum(new_customers) as new_customers,
        sum(cohort_revenue_amount) as revenue_amount,
        sum(cohort_margin_amount) as margin_amount
    from {{ ref('kpi_acquisition') }}
    where is_month_complete
    group by channel

)

select
    channel,
    spend_amount,
    new_customers,
    revenue_amount,
    margin_amount,
    case when spend_amount > 0 then {{ rate('spend_amount', 'new_customers') }} end as cost_per_customer,
    case when spend_amount > 0 then {{ rate('margin_amount', 'spend_amount') }} end as margin_to_spend_ratio
from channels
order by spend_amount desc nulls last, channel asc
