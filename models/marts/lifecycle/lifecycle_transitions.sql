with

as_of as (

    select * from {{ ref('int_as_of') }}

),

spans as (

    select
        *,
        lag(stage_detail) over life as previous_stage_detail,
        lag(valid_from) over life as previous_valid_from
    from {{ ref('lifecycle_spans') }}
    window life as (partition by customer_id order by span_number)

),

-- What has happened; what is only scheduled stays in the spans.
transitions as (

    select
        spans.customer_id,
        spans.span_number,
        spans.previous_stage as from_stage,
        spans.previous_stage_detail as from_stage_detail,
        spans.stage as to_stage,
        spans.stage_detail as to_stage_detail,
        spans.entry_reason,
        spans.entry_event_id,
        spans.valid_from as transitioned_at,
        {{ business_date('spans.valid_from') }} as transitioned_on,
        cast({{ dbt.datediff('spans.previous_valid_from', 'spans.valid_from', 'second') }} as {{ dbt.type_bigint() }})
            as seconds_in_from_stage
    from spans
    inner join as_of
        on spans.valid_from < as_of.as_of
    where spans.previous_stage is not null

)

select * from transitions
