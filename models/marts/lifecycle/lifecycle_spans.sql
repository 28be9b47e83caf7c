{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

starts as (

    select
        customer_id,
        entered_at,
        stage,
        stage_detail,
        'fixed' as threshold_mode,
        entry_reason,
        entry_event_id
    from {{ ref('int_prospect_stages') }}
    where {{ touched() }}

    union all

    select
        customer_id,
        entered_at,
        stage,
        stage_detail,
        threshold_mode,
        entry_reason,
        entry_event_id
    from {{ ref('int_buyer_stages') }}
    where {{ touched() }}

),

compared as (

    select
        *,
        lag(stage) over life as preceding_stage,
        lag(stage_detail) over life as preceding_detail
    from starts
    window life as (partition by customer_id order by entered_at)

),

-- A stretch is uninterrupted: where neither stage nor detail changes, none begins.
changes as (

    select *
    from compared
    where
        stage is distinct from preceding_stage
        or stage_detail is distinct from preceding_detail

),

spans as (

    select
        customer_id,
        cast(row_number() over life as {{ dbt.type_bigint() }}) as span_number,
        stage,
        stage_detail,
        preceding_stage as previous_stage,
        entered_at as valid_from,
        lead(entered_at) over life as valid_to,
        entry_reason,
        entry_event_id,
        threshold_mode
    from changes
    window life as (partition by customer_id order by entered_at)

)

select * from spans
