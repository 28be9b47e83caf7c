with

as_of as (

    select * from {{ ref('int_as_of') }}

),

spans as (

    select * from {{ ref('lifecycle_spans') }}

),

scheduled as (

    select
        spans.customer_id,
        spans.span_number - 1 as preceding_number,
        spans.stage,
        spans.stage_detail
    from spans
    inner join as_of
        on spans.valid_from >= as_of.as_of

),

stages as (

    select * from {{ ref('lifecycle_stages') }}

),

customers as (

    select * from {{ ref('int_customers') }}

),

current_spans as (

    select
        spans.customer_id,
        customers.customer_type,
        spans.stage,
        spans.stage_detail,
        stages.name_en as stage_name_en,
        stages.name_zh as stage_name_zh,
        spans.span_number,
        spans.previous_stage,
        spans.valid_from as stage_since_at,
        spans.entry_reason,
        spans.entry_event_id,
        spans.threshold_mode,
        scheduled.stage as next_stage,
        scheduled.stage_detail as next_stage_detail,
        spans.valid_to as next_stage_at,
        as_of.as_of
    from spans
    inner join as_of
        on
            spans.valid_from < as_of.as_of
            and (spans.valid_to >= as_of.as_of or spans.valid_to is null)
    inner join customers
        on spans.customer_id = customers.customer_id
    left join scheduled
        on
            spans.customer_id = scheduled.customer_id
            and spans.span_number = scheduled.preceding_number
    left join stages
        on spans.stage = stages.stage

)

select * from current_spans
