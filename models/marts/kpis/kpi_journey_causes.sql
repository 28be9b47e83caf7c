with

steps as (

    select
        customer_type,
        journey,
        step,
        stage,
        interaction_type,
        min(month_start_on) as first_month_on,
        max(month_start_on) as last_month_on
    from {{ ref('kpi_journey_steps') }}
    where period = 'recent'
    group by customer_type, journey, step, stage, interaction_type

),

reasons as (

    select
        steps.customer_type,
        steps.journey,
        steps.step,
        losses.churn_reason,
        count(*) as reason_losses,
        row_number() over (
            partition by steps.customer_type, steps.journey, steps.step
            order by count(*) desc, {{ sortable('losses.churn_reason') }} asc
        ) as place
    from steps
    inner join {{ ref('losses') }} as losses
        on
            steps.customer_type = losses.customer_type
            and steps.stage = losses.previous_stage
            and cast({{ dbt.date_trunc('month', 'losses.entered_on') }} as date)
            between steps.first_month_on and steps.last_month_on
    where losses.churn_reason != 'unknown'
    group by steps.customer_type, steps.journey, steps.step, losses.churn_reason

),

touchpoints as (

    select
        steps.customer_type,
        steps.journey,
        steps.step,
        map.interaction_type,
        map.channel,
        sum(map.answers) as answers,
        sum(map.satisfied_answers) as satisfied_answers
    from steps
    inner join {{ ref('kpi_journey_map') }} as map
        on
            steps.customer_type = map.customer_type
            and (steps.stage = map.stage or steps.interaction_type = map.interaction_type)
    where map.answers > 0
    group by steps.customer_type, steps.journey, steps.step, map.interaction_type, map.channel

),

bounded as (

    select
        *,
        {{ wilson_bound('satisfied_answers', 'answers', 'high') }} as satisfaction_high_rate
    from touchpoints

),

-- The lowest upper end of the interval: low satisfaction that few answers do not explain.
weakest as (

    select
        *,
        row_number() over (
            partition by customer_type, journey, step
            order by satisfaction_high_rate, {{ sortable('interaction_type') }}, {{ sortable('channel') }}
        ) as place
    from bounded
    where satisfied_answers < answers

),

described as (

    select
        steps.customer_type,
        steps.journey,
        steps.step,
        reasons.churn_reason,
        cast(reasons.reason_losses as {{ dbt.type_bigint() }}) as reason_losses,
        weakest.interaction_type as weakest_interaction_type,
        weakest.channel as weakest_channel,
        cast(weakest.answers as {{ dbt.type_bigint() }}) as weakest_answers,
        {{ rate('weakest.satisfied_answers', 'weakest.answers') }} as weakest_satisfaction_rate
    from steps
    left join reasons
        on
            steps.customer_type = reasons.customer_type
            and steps.journey = reasons.journey
            and steps.step = reasons.step
            and reasons.place = 1
    left join weakest
        on
            steps.customer_type = weakest.customer_type
            and steps.journey = weakest.journey
            and steps.step = weakest.step
            and weakest.place = 1

)

select * from described
