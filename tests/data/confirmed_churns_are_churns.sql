-- Proves that every pause that is said to become a churn becomes one of lifecycle_spans, and that no churn
-- confirms two pauses. Each row is an instant of a customer of which that is not so.
with

confirmed as (

    select
        customer_id,
        churned_at,
        count(*) as pauses
    from {{ ref('confirmed_churns') }}
    group by customer_id, churned_at

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
    confirmed.churned_at,
    confirmed.pauses
from confirmed
left join churns
    on
        confirmed.customer_id = churns.customer_id
        and confirmed.churned_at = churns.valid_from
where confirmed.pauses > 1 or churns.customer_id is null
