-- Is everybody on target while the customers leave? Each department looks well by its own number: sales, cost of a
-- customer, minutes to a response. Beside them what is nobody's number: who stays, who churns.
with

months as (

    select
        period_start_on as month_start_on,
        sum(engaged_at_start) as engaged_at_start,
        sum(still_engaged_at_end) as still_engaged_at_end,
        sum(unchurned_at_start) as unchurned_at_start,
        sum(churn_entries) as churn_entries
    from {{ ref('kpi_customers') }}
    where period_kind = 'month' and is_period_complete
    group by period_start_on

),

sales as (

    select
        month_start_on,
        sum(sales_amount) as sales_amount
    from {{ ref('kpi_sales') }}
    group by month_start_on

),

service as (

    select
        month_start_on,
        {{ rate('sum(mean_response_minutes * responded_tickets)', 'sum(responded_tickets)') }} as mean_response_minutes
    from {{ ref('kpi_service') }}
    group by month_start_on

)

select
    months.month_start_on,
    sales.sales_amount,
    costs.acquisition_cost_amount,
    service.mean_response_minutes,
    {{ rate('months.still_engaged_at_end', 'months.engaged_at_start') }} as stage_retention_rate,
    {{ rate('months.churn_entries', 'months.unchurned_at_start') }} as churn_rate
from months
left join sales
    on months.month_start_on = sales.month_start_on
left join {{ ref('kpi_retention_cost') }} as costs
    on months.month_start_on = costs.month_start_on
left join service
    on months.month_start_on = service.month_start_on
order by months.month_start_on
