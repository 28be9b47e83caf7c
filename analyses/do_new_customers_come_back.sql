-- Do new customers come back? A line per cohort: who ordered again within 30, 90 and 180 days.
select
    cohort_month_on,
    customer_type,
    max(cohort_customers) as cohort_customers,
    max(case when window_days = 30 then repeat_rate end) as repeat_within_30_days_rate,
    max(case when window_days = 90 then repeat_rate end) as repeat_within_90_days_rate,
    max(case when window_days = 180 then repeat_rate end) as repeat_within_180_days_rate
from {{ ref('kpi_repeat_orders') }}
group by cohort_month_on, customer_type
order by customer_type, cohort_month_on
