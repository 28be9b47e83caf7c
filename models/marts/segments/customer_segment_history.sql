{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers'], ['month_end_on', 'days']]
) }}

with

spans as (

    select * from {{ ref('segment_spans') }}

),

-- The instant at which each complete business month is over.
month_ends as (

    select
        month_start_on,
        max(date_on) as month_end_on,
        {{ start_of_business_date(add_days_to_date('max(date_on)', 1)) }} as month_over_at
    from {{ ref('dim_dates') }}
    where is_month_complete
    group by month_start_on

),

slices as (

    select
        spans.customer_id,
        month_ends.month_end_on,
        spans.segment,
        spans.valid_from as segment_since_at
    from month_ends
    inner join spans
        on
            spans.valid_from < month_ends.month_over_at
            and (spans.valid_to >= month_ends.month_over_at or spans.valid_to is null)
    where {{ touched() }}

)

select * from slices
