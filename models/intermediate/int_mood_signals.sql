{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'buyers and voices']]
) }}

with

moments as (

    select * from {{ ref('int_purchase_moments') }}
    where {{ touched() }}

),

rules as (

    select * from {{ ref('decline_rules') }}

),

-- A return for quality says with the feet what a low score says; a complaint is said aloud.
events as (

    select
        customer_id,
        occurred_at,
        kind_rank,
        event_id,
        case when event_kind in ('ticket', 'interaction') then 'complaint' else 'satisfaction' end as signal,
        event_kind,
        signal = 'dissatisfaction' as is_dissatisfied
    from {{ ref('int_customer_events') }}
    where
        event_kind <> 'order'
        and (event_kind = 'feedback' or signal = 'dissatisfaction')
        and {{ touched() }}

),

-- Scores of all surveys on one scale from 0 to 1.
scored as (

    select
        events.*,
        (feedback.score - surveys.scale_min) / nullif(surveys.scale_max - surveys.scale_min, 0) as score
    from events
    left join {{ ref('stg_feedback') }} as feedback
        on
            events.event_kind = 'feedback'
            and events.event_id = feedback.feedback_id
    left join {{ ref('survey_types') }} as surveys
        on feedback.survey_type = surveys.survey_type

),

steps as (

    select
        customer_id,
        purchased_at as occurred_at,
        1 as kind_rank,
        order_id as event_id,
        cast(null as {{ dbt.type_string() }}) as signal,
        cast(null as boolean) as is_dissatisfied,
        cast(null as decimal(28, 4)) as score,
        moment_number
    from moments

    union all

    select
        customer_id,
        occurred_at,
        kind_rank,
        event_id,
        signal,
        is_dissatisfied,
        {{ as_total('score') }} as score,
        cast(null as {{ dbt.type_bigint() }}) as moment_number
    from scored

),

-- Each event follows the latest order at or before it; before the first it is a prospect's.
placed as (

    select
        customer_id,
        occurred_at,
        kind_rank,
        event_id,
        signal,
        is_dissatisfied,
        score,
        max(moment_number) over (
            partition by customer_id order by occurred_at, kind_rank, {{ sortable('event_id') }}
            rows between unbounded preceding and current row
        ) as moment_number
    from steps

),

compared as (

    select
        *,
        lead(occurred_at) over life as next_at,
        count(score) over before as past_events,
        sum(score) over before as past_score
    from placed
    where signal is not null and moment_number is not null
    window
        life as (
            partition by customer_id, signal order by occurred_at, kind_rank, {{ sortable('event_id') }}
        ),
        before as (
            partition by customer_id, signal order by occurred_at, kind_rank, {{ sortable('event_id') }}
            rows between 10 preceding and 1 preceding
        )

),

averaged as (

    select
        *,
        {{ double_to_total('cast(past_score as ' ~ type_double() ~ ') / nullif(past_events, 0)') }} as mean_past
    from compared

),

judged as (

    select
        averaged.customer_id,
        moments.customer_type,
        averaged.signal,
        averaged.moment_number,
        averaged.occurred_at as measured_at,
        averaged.next_at is null as is_latest,
        averaged.past_events,
        averaged.score as mean_recent,
        averaged.mean_past,
        case
            when averaged.past_events >= rules.min_history and averaged.mean_past > 0
                then {{ share_of_past('averaged.score', 'averaged.mean_past') }}
        end as recent_ratio,
        case
            when
                averaged.is_dissatisfied
                or (
                    averaged.past_events >= rules.min_history
                    and averaged.score <= averaged.mean_past * rules.limit_ratio
                    and averaged.score < averaged.mean_past
                )
                then averaged.occurred_at
        end as valid_from,
        least(
            {{ add_days('averaged.occurred_at', 'rules.active_days') }},
            averaged.next_at,
            moments.next_purchased_at
        ) as ends_at
    from averaged
    inner join moments
        on
            averaged.customer_id = moments.customer_id
            and averaged.moment_number = moments.moment_number
    inner join rules
        on
            moments.customer_type = rules.customer_type
            and averaged.signal = rules.signal
    where averaged.score is not null or averaged.is_dissatisfied

),

described as (

    select
        customer_id,
        customer_type,
        signal,
        moment_number,
        measured_at,
        is_latest,
        past_events,
        mean_recent,
        mean_past,
        recent_ratio,
        valid_from,
        case when valid_from is not null then ends_at end as valid_to
    from judged
    where is_latest or valid_from < ends_at

)

select * from described
