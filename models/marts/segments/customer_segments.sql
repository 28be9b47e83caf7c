with

spans as (

    select * from {{ ref('segment_spans') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

names as (

    select * from {{ ref('segments') }}

),

current_spans as (

    select
        spans.customer_id,
        spans.segment,
        names.name_en as segment_name_en,
        names.name_zh as segment_name_zh,
        spans.previous_segment,
        spans.valid_from as segment_since_at,
        spans.next_segment,
        spans.valid_to as next_segment_at,
        as_of.as_of
    from spans
    inner join as_of
        on
            spans.valid_from < as_of.as_of
            and (spans.valid_to >= as_of.as_of or spans.valid_to is null)
    left join names
        on spans.segment = names.segment

)

select * from current_spans
