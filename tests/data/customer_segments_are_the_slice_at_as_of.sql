-- Proves that customer_segments holds everybody whose life has begun before as_of, with the last
-- segment begun by then; and, when as_of ends a month, that it is the history's last slice.
with

as_of as (

    select * from {{ ref('int_as_of') }}

),

begun as (

    select
        spans.customer_id,
        max(spans.valid_from) as segment_since_at
    from {{ ref('segment_spans') }} as spans
    inner join as_of
        on spans.valid_from < as_of.as_of
    group by spans.customer_id

),

expected as (

    select
        spans.customer_id,
        spans.segment,
        spans.valid_from as segment_since_at
    from {{ ref('segment_spans') }} as spans
    inner join begun
        on
            spans.customer_id = begun.customer_id
            and spans.valid_from = begun.segment_since_at

),

slice as (

    select
        customer_id,
        segment,
        segment_since_at
    from {{ ref('customer_segments') }}

),

last_month as (

    select
        history.customer_id,
        history.segment,
        history.segment_since_at
    from {{ ref('customer_segment_history') }} as history
    inner join as_of
        on as_of.as_of = {{ start_of_business_date(add_days_to_date('history.month_end_on', 1)) }}

),

missing as (

    select * from expected
    except
    select * from slice

),

differing as (

    select * from last_month
    except
    select * from slice

),

invented as (

    select * from slice
    except
    select * from expected

),

faults as (

    select
        'missing' as fault,
        missing.*
    from missing

    union all

    select
        'differs from the month end' as fault,
        differing.*
    from differing

    union all

    select
        'invented' as fault,
        invented.*
    from invented

)

select * from faults
