-- Proves that a customer's segment spans follow each other without hole or overlap: numbers run from 1,
-- each span is longer than nothing and ends where the next begins, only the last is open, neighbours
-- differ, and each knows its neighbour.
with

spans as (

    select * from {{ ref('segment_spans') }}

),

neighbours as (

    select
        spans.customer_id,
        spans.span_number,
        spans.valid_from,
        spans.valid_to,
        next_spans.valid_from as next_valid_from,
        case
            when spans.span_number = 1 then spans.previous_segment is not null
            else previous_spans.customer_id is null
        end as has_wrong_beginning,
        next_spans.customer_id is not null and (
            next_spans.previous_segment is distinct from spans.segment
            or spans.next_segment is distinct from next_spans.segment
        ) as has_wrong_neighbour,
        next_spans.customer_id is not null and (
            next_spans.segment = spans.segment
        ) as is_repeated
    from spans
    left join spans as next_spans
        on
            spans.customer_id = next_spans.customer_id
            and spans.span_number + 1 = next_spans.span_number
    left join spans as previous_spans
        on
            spans.customer_id = previous_spans.customer_id
            and spans.span_number - 1 = previous_spans.span_number

),

broken as (

    select * from neighbours
    where
        has_wrong_beginning
        or has_wrong_neighbour
        or is_repeated
        or valid_from >= valid_to
        or valid_to is distinct from next_valid_from

)

select * from broken
