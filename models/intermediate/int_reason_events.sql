{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'buyers and voices']]
) }}

with

events as (

    select
        customer_id,
        event_kind,
        event_id,
        occurred_at
    from {{ ref('int_customer_events') }}
    where
        event_kind in ('refund', 'ticket', 'feedback')
        and {{ touched() }}

),

words as (

    select
        events.customer_id,
        events.occurred_at,
        events.event_kind,
        events.event_id,
        refunds.reason
    from events
    inner join {{ ref('stg_refunds') }} as refunds
        on
            events.event_id = refunds.refund_id
            and events.event_kind = 'refund'

    union all

    select
        events.customer_id,
        events.occurred_at,
        events.event_kind,
        events.event_id,
        tickets.topic as reason
    from events
    inner join {{ ref('stg_tickets') }} as tickets
        on
            events.event_id = tickets.ticket_id
            and events.event_kind = 'ticket'

    union all

    select
        events.customer_id,
        events.occurred_at,
        events.event_kind,
        events.event_id,
        feedback.theme as reason
    from events
    inner join {{ ref('stg_feedback') }} as feedback
        on
            events.event_id = feedback.feedback_id
            and events.event_kind = 'feedback'

),

-- Where a customer told several things, the latest counts.
told as (

    select
        words.customer_id,
        words.event_kind,
        words.event_id,
        words.reason,
        reasons.churn_reason,
        words.occurred_at
    from words
    inner join {{ ref('reasons') }} as reasons
        on words.reason = reasons.reason
    where reasons.churn_reason is not null

)

select * from told
