with

spans as (

    select * from {{ ref('lifecycle_spans') }}

),

-- Stages without their details: a decline is one, whatever it is first and then.
entries as (

    select
        customer_id,
        stage,
        stage_detail,
        previous_stage,
        span_number,
        valid_from as entered_at,
        lead(stage) over life as next_stage,
        lead(valid_from) over life as ended_at,
        lead(entry_reason) over life as end_reason,
        lead(span_number) over life as next_span_number
    from spans
    where stage is distinct from previous_stage
    window life as (partition by customer_id order by span_number)

),

going as (

    select
        entries.customer_id,
        customers.customer_type,
        entries.stage,
        entries.stage_detail,
        entries.previous_stage,
        entries.span_number,
        entries.next_span_number,
        entries.entered_at,
        case when entries.ended_at < as_of.as_of then entries.ended_at end as ended_at,
        case
            when entries.ended_at is null or entries.ended_at >= as_of.as_of then null
            when entries.next_stage = 'churn' then 'churn'
            when entries.end_reason like '%_over' then 'window'
            else 'order'
        end as ended_by
    from entries
    inner join {{ ref('int_customers') }} as customers
        on entries.customer_id = customers.customer_id
    inner join {{ ref('int_as_of') }} as as_of
        on entries.entered_at < as_of.as_of
    where entries.stage in ('decline', 'churn')

),

-- The silence belongs to the last order before it.
placed as (

    select
        going.*,
        moments.moment_number,
        moments.purchased_at as last_order_at
    from going
    inner join {{ ref('int_purchase_moments') }} as moments
        on
            going.customer_id = moments.customer_id
            and going.entered_at >= moments.purchased_at
            and (going.entered_at < moments.next_purchased_at or moments.next_purchased_at is null)

),

reasons as (

    select
        placed.customer_id,
        placed.span_number,
        told.churn_reason,
        row_number() over (
            partition by placed.customer_id, placed.span_number
            order by told.occurred_at desc, told.event_kind, {{ sortable('told.event_id') }}
        ) as recency
    from placed
    inner join {{ ref('int_reason_events') }} as told
        on
            placed.customer_id = told.customer_id
            and told.occurred_at >= placed.last_order_at
            and told.occurred_at <= placed.entered_at

),

steps as (

    select
        placed.customer_id,
        placed.span_number,
        max(rules.decline_step) as decline_step
    from placed
    inner join {{ ref('decline_signals') }} as signals
        on
            placed.customer_id = signals.customer_id
            and placed.moment_number = signals.moment_number
            and signals.valid_from <= placed.entered_at
    inner join {{ ref('decline_rules') }} as rules
        on
            signals.customer_type = rules.customer_type
            and signals.signal = rules.signal
    where signals.is_warning
    group by placed.customer_id, placed.span_number

),

described as (

    select
        placed.customer_id,
        placed.customer_type,
        placed.span_number,
        placed.stage,
        placed.stage_detail,
        placed.previous_stage,
        placed.moment_number,
        placed.last_order_at,
        placed.entered_at,
        {{ business_date('placed.entered_at') }} as entered_on,
        coalesce(reasons.churn_reason, 'unknown') as churn_reason,
        cast(coalesce(steps.decline_step, 4) as {{ dbt.type_int() }}) as decline_step,
        warnings.warned_at,
        {{ whole_days('warnings.warned_at', 'placed.entered_at') }} as days_warned,
        placed.ended_at,
        placed.ended_by,
        placed.next_span_number
    from placed
    left join reasons
        on
            placed.customer_id = reasons.customer_id
            and placed.span_number = reasons.span_number
            and reasons.recency = 1
    left join steps
        on
            placed.customer_id = steps.customer_id
            and placed.span_number = steps.span_number
    left join {{ ref('decline_warnings') }} as warnings
        on
            placed.customer_id = warnings.customer_id
            and placed.moment_number = warnings.moment_number
            and warnings.warned_at < placed.entered_at

)

select * from described
