{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

first_orders as (

    select
        customer_id,
        purchased_at as first_order_at
    from {{ ref('int_purchase_moments') }}
    where moment_number = 1

),

thresholds as (

    select
        customers.customer_id,
        thresholds.prospect_lapse_days
    from {{ ref('int_customers') }} as customers
    inner join {{ ref('lifecycle_thresholds') }} as thresholds
        on customers.customer_type = thresholds.customer_type

),

touches as (

    select
        events.customer_id,
        events.occurred_at,
        events.event_id,
        events.direction,
        case when events.direction = 'inbound' then events.signal else 'none' end as signal,
        first_orders.first_order_at,
        min(events.occurred_at) over (partition by events.customer_id) as first_touch_at
    from {{ ref('int_customer_events') }} as events
    left join first_orders
        on events.customer_id = first_orders.customer_id
    where
        events.direction is not null
        and {{ is_touched('events.customer_id', 'customers') }}
        and (first_orders.first_order_at is null or events.occurred_at < first_orders.first_order_at)

),

-- What starts the clock of silence anew: the first touch of any kind, then every inbound one.
anchors as (

    select
        customer_id,
        first_order_at,
        occurred_at as anchored_at,
        min({{ sortable('event_id') }}) as touch_id,
        min(case when signal = 'interest' then {{ sortable('event_id') }} end) as interest_id,
        min(case when signal = 'intent' then {{ sortable('event_id') }} end) as intent_id
    from touches
    where direction = 'inbound' or occurred_at = first_touch_at
    group by customer_id, first_order_at, occurred_at

),

spaced as (

    select
        anchors.*,
        {{ add_days('anchors.anchored_at', 'thresholds.prospect_lapse_days') }} as lapses_at,
        {{ add_days('lag(anchors.anchored_at) over life', 'thresholds.prospect_lapse_days') }} as previous_lapses_at
    from anchors
    inner join thresholds
        on anchors.customer_id = thresholds.customer_id
    window life as (partition by anchors.customer_id order by anchors.anchored_at)

),

-- A touch at the very end of the window still counts; one after it starts afresh.
numbered as (

    select
        *,
        sum(case when anchored_at > previous_lapses_at then 1 else 0 end) over (
            partition by customer_id order by anchored_at
            rows between unbounded preceding and current row
        ) as episode_number
    from spaced

),

episodes as (

    select
        customer_id,
        episode_number,
        first_order_at,
        min(anchored_at) as started_at,
        max(lapses_at) as lapses_at,
        min(case when interest_id is not null or intent_id is not null then anchored_at end) as considered_at,
        min(case when intent_id is not null then anchored_at end) as intended_at
    from numbered
    group by customer_id, episode_number, first_order_at

),

stage_starts as (

    select
        customer_id,
        started_at as entered_at,
        'awareness' as stage,
        cast(null as {{ dbt.type_string() }}) as stage_detail,
        case when episode_number = 0 then 'first_touch' else 'return_touch' end as entry_reason
    from episodes
    where considered_at is null or started_at < considered_at

    union all

    select
        customer_id,
        considered_at as entered_at,
        'consideration' as stage,
        'interest' as stage_detail,
        'interest_signal' as entry_reason
    from episodes
    where considered_at is not null and (intended_at is null or considered_at < intended_at)

    union all

    select
        customer_id,
        intended_at as entered_at,
        'consideration' as stage,
        'intent' as stage_detail,
        'intent_signal' as entry_reason
    from episodes
    where intended_at is not null

    union all

    select
        customer_id,
        lapses_at as entered_at,
        'lost_prospect' as stage,
        cast(null as {{ dbt.type_string() }}) as stage_detail,
        'silence' as entry_reason
    from episodes
    where first_order_at is null or lapses_at < first_order_at

),

explained as (

    select
        stage_starts.customer_id,
        stage_starts.entered_at,
        stage_starts.stage,
        stage_starts.stage_detail,
        stage_starts.entry_reason,
        case stage_starts.entry_reason
            when 'silence' then null
            when 'interest_signal' then anchors.interest_id
            when 'intent_signal' then anchors.intent_id
            else anchors.touch_id
        end as entry_event_id
    from stage_starts
    left join anchors
        on
            stage_starts.customer_id = anchors.customer_id
            and stage_starts.entered_at = anchors.anchored_at

)

select * from explained
