-- Proves that everybody whose life has begun before as_of is in lifecycle_current once, with the last
-- span begun by then, and with the span after it as what comes next.
with

begun as (

    select
        spans.customer_id,
        max(spans.span_number) as span_number
    from {{ ref('lifecycle_spans') }} as spans
    inner join {{ ref('int_as_of') }} as as_of
        on spans.valid_from < as_of.as_of
    group by spans.customer_id

),

expected as (

    select
        begun.customer_id,
        begun.span_number,
        spans.stage,
        spans.stage_detail,
        spans.valid_from,
        next_spans.stage as next_stage,
        next_spans.stage_detail as next_stage_detail,
        next_spans.valid_from as next_stage_at
    from begun
    inner join {{ ref('lifecycle_spans') }} as spans
        on
            begun.customer_id = spans.customer_id
            and begun.span_number = spans.span_number
    left join {{ ref('lifecycle_spans') }} as next_spans
        on
            begun.customer_id = next_spans.customer_id
            and begun.span_number + 1 = next_spans.span_number

),

compared as (

    select
        coalesce(expected.customer_id, slice.customer_id) as customer_id,
        expected.span_number as expected_span_number,
        slice.span_number
    from expected
    full outer join {{ ref('lifecycle_current') }} as slice
        on expected.customer_id = slice.customer_id
    where
        expected.span_number is distinct from slice.span_number
        or expected.stage is distinct from slice.stage
        or expected.stage_detail is distinct from slice.stage_detail
        or expected.valid_from is distinct from slice.stage_since_at
        or expected.next_stage is distinct from slice.next_stage
        or expected.next_stage_detail is distinct from slice.next_stage_detail
        or expected.next_stage_at is distinct from slice.next_stage_at

)

select * from compared
