{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers'], ['transitioned_at', 'instants']]
) }}

with

as_of as (

    select * from {{ ref('int_as_of') }}

),

spans as (

    select * from {{ ref('lifecycle_spans') }}

),

-- Of customers that nothing happened to, only what lies between the last as_of and this one is new.
entered as (

    select
        spans.*,
        as_of.as_of
    from spans
    inner join as_of
        on spans.valid_from < as_of.as_of
    where
        spans.previous_stage is not null
        and (
            {{ is_touched('spans.customer_id', 'customers') }}
            or {{ is_touched('spans.valid_from', 'instants') }}
        )

),

left_behind as (

    select
        customer_id,
        span_number + 1 as span_number,
        stage_detail,
        valid_from
    from spans

),

transitions as (

    select
        entered.customer_id,
        entered.span_number,
        entered.previous_stage as from_stage,
        left_behind.stage_detail as from_stage_detail,
        entered.stage as to_stage,
        entered.stage_detail as to_stage_detail,
        entered.entry_reason,
        entered.entry_event_id,
        entered.valid_from as transitioned_at,
        {{ business_date('entered.valid_from') }} as transitioned_on,
        cast({{ dbt.datediff('left_behind.valid_from', 'entered.valid_from', 'second') }} as {{ dbt.type_bigint() }})
            as seconds_in_from_stage
    from entered
    inner join left_behind
        on
            entered.customer_id = left_behind.customer_id
            and entered.span_number = left_behind.span_number

)

select * from transitions
