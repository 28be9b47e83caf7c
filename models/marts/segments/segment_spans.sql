{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

starts as (

    select
        customer_id,
        min(entered_at) as entered_at,
        'prospect' as segment
    from {{ ref('int_prospect_stages') }}
    where {{ touched() }}
    group by customer_id

    union all

    select
        customer_id,
        entered_at,
        segment
    from {{ ref('int_segment_points') }}
    where {{ touched() }}

),

compared as (

    select
        *,
        lag(segment) over (partition by customer_id order by entered_at) as preceding_segment
    from starts

),

changes as (

    select *
    from compared
    where segment is distinct from preceding_segment

),

spans as (

    select
        customer_id,
        cast(row_number() over life as {{ dbt.type_bigint() }}) as span_number,
        segment,
        preceding_segment as previous_segment,
        entered_at as valid_from,
        lead(entered_at) over life as valid_to,
        lead(segment) over life as next_segment
    from changes
    window life as (partition by customer_id order by entered_at)

)

select * from spans
