-- Proves that the months of kpi_customers are those of the lifecycle: buyers, who is in churn and who came into
-- it as in lifecycle_flow_monthly, and every buyer new once, by days and weeks as by months.
with

stages as (

    select * from {{ ref('lifecycle_stages') }}

),

flow as (

    select
        flow.month_start_on,
        flow.customer_type,
        sum(case when stages.is_buyer then flow.customers_at_end else 0 end) as buyers_at_end,
        sum(case when flow.stage = 'churn' then flow.entries else 0 end) as churn_entries,
        sum(case when flow.stage = 'winback' then flow.entries else 0 end) as winback_entries,
        sum(case when flow.stage = 'decline' then flow.customers_at_end else 0 end) as declining_at_end,
        sum(case when stages.is_engaged then flow.customers_at_start else 0 end) as engaged_at_start
    from {{ ref('lifecycle_flow_monthly') }} as flow
    inner join stages
        on flow.stage = stages.stage
    group by flow.month_start_on, flow.customer_type

),

months as (

    select * from {{ ref('kpi_customers') }}
    where period_kind = 'month'

),

news as (

    select
        period_kind,
        sum(new_customers) as new_customers
    from {{ ref('kpi_customers') }}
    group by period_kind

),

buyers as (

    select count(*) as buyers from {{ ref('dim_customers') }}
    where is_buyer

)

select coalesce(flow.customer_type, months.customer_type) as what
from flow
full outer join months
    on
        flow.month_start_on = months.period_start_on
        and flow.customer_type = months.customer_type
where
    flow.buyers_at_end is distinct from months.buyers_at_end
    or flow.churn_entries is distinct from months.churn_entries
    or flow.winback_entries is distinct from months.winback_entries
    or flow.declining_at_end is distinct from months.declining_at_end
    or flow.engaged_at_start is distinct from months.engaged_at_start

union all

select news.period_kind as what
from news
cross join buyers
where news.new_customers != buyers.buyers
