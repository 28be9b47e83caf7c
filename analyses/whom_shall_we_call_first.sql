-- Whom shall we call first? Valuable customers who are still with us and show signals of leaving.
select
    health.customer_id,
    health.value_tier,
    health.stage,
    health.warning_signals,
    health.warned_since_at,
    health.decline_step,
    health.effort_level,
    current_stages.next_stage,
    current_stages.next_stage_at,
    worth.historic_net_amount,
    worth.expected_net_365_days_amount
from {{ ref('customer_health') }} as health
inner join {{ ref('lifecycle_current') }} as current_stages
    on health.customer_id = current_stages.customer_id
inner join {{ ref('customer_value') }} as worth
    on health.customer_id = worth.customer_id
where
    health.warning_signals > 0
    and health.stage != 'churn'
order by
    case health.value_tier when 'high' then 1 when 'medium' then 2 else 3 end,
    current_stages.next_stage_at,
    health.customer_id
