-- Proves that a life begins at the customer's first touch or valid order, whichever is earlier, and
-- that everybody who has one has a life.
with

first_events as (

    select
        customer_id,
        min(occurred_at) as first_event_at
    from {{ ref('int_customer_events') }}
    where event_kind = 'order' or direction is not null
    group by customer_id

),

first_spans as (

    select
        customer_id,
        min(valid_from) as first_span_at
    from {{ ref('lifecycle_spans') }}
    group by customer_id

),

compared as (

    select
        coalesce(first_events.customer_id, first_spans.customer_id) as customer_id,
        first_events.first_event_at,
        first_spans.first_span_at
    from first_events
    full outer join first_spans
        on first_events.customer_id = first_spans.customer_id

)

select * from compared
where first_event_at is distinct from first_span_at
