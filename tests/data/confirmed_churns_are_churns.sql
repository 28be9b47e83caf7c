-- Proves that every pause that is said to become a churn becomes one of lifecycle_spans, and that no churn
-- is confirmed by two pauses. Each row is an instant of a customer that is not so.
with

confirmed as (

    select
        customer_id,
        becomes_churn_at,
        count(*) as pauses
    from {{ ref('revenue_movements') }}
    where becomes_churn_at is not null
    group by customer_id, becomes_churn_at

),

churns as (

    select
        customer_id,
        valid_from
    from {{ ref('lifecycle_spans') }}
    where stage = 'churn'

)

select
    confirmed.customer_id,
    confirmed.becomes_churn_at,
    confirmed.pauses
from confirmed
left join churns
    on
        confirmed.customer_id = churns.customer_id
        and confirmed.becomes_churn_at = churns.valid_from
where confirmed.pauses > 1 or churns.customer_id is null
