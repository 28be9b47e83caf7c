-- Why is this month's revenue what it is: who came, bought more, came back, bought less, stayed away?
select
    month_start_on,
    customer_type,
    start_amount,
    new_amount,
    expansion_amount,
    reactivation_amount,
    winback_amount,
    -contraction_amount as contraction_amount,
    -pause_amount as pause_amount,
    -churn_amount as churn_amount,
    guest_change_amount,
    end_amount
from {{ ref('kpi_revenue_bridge') }}
where is_month_complete
order by month_start_on desc, customer_type asc
