-- Why do customers leave, and did we see it coming? Churns of all complete months by reason.
with

reasons as (

    select
        customer_type,
        churn_reason,
        sum(churn_entries) as churns,
        sum(warned_entries) as warned_churns
    from {{ ref('kpi_churn') }}
    where is_month_complete
    group by customer_type, churn_reason

)

select
    *,
    {{ rate('warned_churns', 'churns') }} as warned_rate
from reasons
order by customer_type asc, churns desc, churn_reason asc
