{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'buyers and voices']]
) }}

with

moments as (

    select
        moments.*,
        clocks.threshold_mode,
        {{ add_days('moments.purchased_at', 'clocks.decline_days') }} as declines_at,
        {{ add_days('moments.purchased_at', 'clocks.churn_days') }} as churns_at,
        lag({{ add_days('moments.purchased_at', 'clocks.churn_days') }}) over (
            partition by moments.customer_id order by moments.moment_number
        ) as previous_churns_at
    from {{ ref('int_purchase_moments') }} as moments
    inner join {{ ref('int_churn_clocks') }} as clocks
        on
            moments.customer_id = clocks.customer_id
            and moments.moment_number = clocks.moment_number
    where {{ is_touched('moments.customer_id', 'buyers and voices') }}

),

thresholds as (

    select * from {{ ref('lifecycle_thresholds') }}

),

lives as (

    select
        moments.*,
        coalesce(moments.purchased_at > moments.previous_churns_at, false) as is_winback,
        {{ add_days('moments.purchased_at', 'thresholds.onboarding_days') }} as onboarded_at,
        {{ add_days('moments.purchased_at', 'thresholds.winback_days') }} as won_back_at
    from moments
    inner join thresholds
        on moments.customer_type = thresholds.customer_type

),

signals as (

    select
        events.customer_id,
        events.occurred_at,
        events.event_id,
        events.signal,
        {{ add_days('events.occurred_at', 'thresholds.dissatisfaction_window_days') }} as dissatisfied_until,
        {{ add_days('events.occurred_at', 'thresholds.advocacy_window_days') }} as advocate_until
    from {{ ref('int_customer_events') }} as events
    inner join {{ ref('int_customers') }} as customers
        on events.customer_id = customers.customer_id
    inner join thresholds
        on customers.customer_type = thresholds.customer_type
    where
        {{ is_opinion('events.signal') }}
        and {{ is_touched('events.customer_id', 'buyers and voices') }}

),

-- Every instant at which the stage can change. A boundary counts only before the next order.
boundaries as (

    select
        customer_id,
        purchased_at as happens_at,
        1 as is_order,
        cast(null as {{ dbt.type_timestamp() }}) as dissatisfied_at,
        cast(null as {{ dbt.type_timestamp() }}) as dissatisfied_until,
        cast(null as {{ dbt.type_timestamp() }}) as advocate_until,
        cast(null as {{ dbt.type_string() }}) as signal_id
    from lives

    {% for boundary, condition in [
        ('declines_at', '1 = 1'), ('churns_at', '1 = 1'),
        ('onboarded_at', 'moment_number = 1'), ('won_back_at', 'is_winback'),
    ] -%}
    union all

    select
        customer_id,
        {{ boundary }} as happens_at,
        0 as is_order,
        null as dissatisfied_at,
        null as dissatisfied_until,
        null as advocate_until,
        null as signal_id
    from lives
    where {{ condition }} and (next_purchased_at is null or {{ boundary }} < next_purchased_at)

    {% endfor -%}
    union all

    select
        customer_id,
        occurred_at as happens_at,
        0 as is_order,
        case when signal = 'dissatisfaction' then occurred_at end as dissatisfied_at,
        case when signal = 'dissatisfaction' then dissatisfied_until end as dissatisfied_until,
        case when signal = 'advocacy' then advocate_until end as advocate_until,
        event_id as signal_id
    from signals

    union all

    select
        customer_id,
        case when signal = 'dissatisfaction' then dissatisfied_until else advocate_until end as happens_at,
        0 as is_order,
        null as dissatisfied_at,
        null as dissatisfied_until,
        null as advocate_until,
        null as signal_id
    from signals

),

instants as (

    select
        customer_id,
        happens_at,
        max(is_order) as is_order,
        max(dissatisfied_at) as dissatisfied_at,
        max(dissatisfied_until) as dissatisfied_until,
        max(advocate_until) as advocate_until,
        min(case when dissatisfied_until is not null then {{ sortable('signal_id') }} end) as dissatisfaction_id,
        min(case when advocate_until is not null then {{ sortable('signal_id') }} end) as advocacy_id
    from boundaries
    group by customer_id, happens_at

),

-- All windows of a kind are equally long, so the latest signal says whether one is open.
running as (

    select
        customer_id,
        happens_at,
        is_order,
        dissatisfaction_id,
        advocacy_id,
        sum(is_order) over life as moment_number,
        max(dissatisfied_at) over life as dissatisfied_at,
        max(dissatisfied_until) over life as dissatisfied_until,
        max(advocate_until) over life as advocate_until
    from instants
    window life as (
        partition by customer_id order by happens_at
        rows between unbounded preceding and current row
    )

),

-- Over the base, which the last order decides, lie the overlays; the first that holds shows.
staged as (

    select
        running.customer_id,
        running.happens_at as entered_at,
        case
            when running.happens_at >= lives.churns_at then 'churn'
            when running.happens_at >= lives.declines_at then 'decline'
            when
                running.dissatisfied_at >= lives.purchased_at
                and running.dissatisfied_until > running.happens_at
                then 'decline'
            when lives.is_winback and running.happens_at < lives.won_back_at then 'winback'
            when lives.moment_number > 1 and running.advocate_until > running.happens_at then 'advocacy'
            when lives.moment_number > 1 and lives.is_loyal then 'loyalty'
            when lives.moment_number > 1 then 'retention'
            when running.happens_at < lives.onboarded_at then 'purchase'
            else 'use'
        end as stage,
        running.happens_at >= lives.declines_at as is_silent,
        lives.threshold_mode,
        running.is_order,
        lives.moment_number,
        lives.order_id,
        running.dissatisfaction_id,
        running.advocacy_id
    from running
    inner join lives
        on
            running.customer_id = lives.customer_id
            and running.moment_number = lives.moment_number

),

detailed as (

    select
        *,
        case
            when stage = 'decline' and is_silent then 'silence'
            when stage = 'decline' then 'dissatisfaction'
        end as stage_detail,
        lag(stage) over (partition by customer_id order by entered_at) as previous_stage
    from staged

),

explained as (

    select
        customer_id,
        entered_at,
        stage,
        stage_detail,
        threshold_mode,
        case
            when stage = 'churn' or stage_detail = 'silence' then 'silence'
            when stage = 'decline' then 'dissatisfaction_signal'
            when is_order = 1 and moment_number = 1 then 'first_order'
            when is_order = 1 and stage = 'winback' then 'winback_order'
            when is_order = 1 and stage = 'loyalty' then 'loyalty_order'
            when is_order = 1 then 'repeat_order'
            when stage = 'advocacy' and advocacy_id is not null then 'advocacy_signal'
            when previous_stage = 'purchase' then 'onboarding_over'
            when previous_stage = 'decline' then 'dissatisfaction_over'
            else previous_stage || '_over'
        end as entry_reason,
        case
            when stage_detail = 'dissatisfaction' then dissatisfaction_id
            when is_order = 1 then order_id
            when stage = 'advocacy' then advocacy_id
        end as entry_event_id
    from detailed

)

select * from explained
