-- Proves that every pair of neighbouring spans of which the later began before as_of is one
-- transition, with the stages, instant and length of the spans, and that there is no other.
with

pairs as (

    select
        later.customer_id,
        later.span_number,
        earlier.stage as from_stage,
        earlier.stage_detail as from_stage_detail,
        later.stage as to_stage,
        later.stage_detail as to_stage_detail,
        later.valid_from as transitioned_at,
        {{ dbt.datediff('earlier.valid_from', 'later.valid_from', 'second') }} as seconds_in_from_stage
    from {{ ref('lifecycle_spans') }} as later
    inner join {{ ref('lifecycle_spans') }} as earlier
        on
            later.customer_id = earlier.customer_id
            and later.span_number = earlier.span_number + 1
    inner join {{ ref('int_as_of') }} as as_of
        on later.valid_from < as_of.as_of

),

transitions as (

    select
        customer_id,
        span_number,
        from_stage,
        from_stage_detail,
        to_stage,
        to_stage_detail,
        transitioned_at,
        seconds_in_from_stage
    from {{ ref('lifecycle_transitions') }}

),

missing as (

    select * from pairs
    except
    select * from transitions

),

invented as (

    select * from transitions
    except
    select * from pairs

),

differences as (

    select
        'missing' as difference,
        missing.*
    from missing

    union all

    select
        'invented' as difference,
        invented.*
    from invented

)

select * from differences
