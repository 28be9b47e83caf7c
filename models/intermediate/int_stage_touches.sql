{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

spans as (

    select * from {{ ref('lifecycle_spans') }}
    where {{ touched() }}

),

numbered as (

    select
        *,
        sum(case when stage is distinct from previous_stage then 1 else 0 end) over (
            partition by customer_id order by span_number
            rows between unbounded preceding and current row
        ) as stay_number
    from spans

),

-- A stay in a stage, whatever its details.
stays as (

    select
        customer_id,
        stay_number,
        stage,
        case when stay_number > 1 then 'another' end as previous_stage,
        min(valid_from) as valid_from,
        case when count(valid_to) = count(*) then max(valid_to) end as valid_to,
        lead(stage) over (partition by customer_id order by stay_number) as next_stage
    from numbered
    group by customer_id, stay_number, stage

),

touches as (

    select
        interactions.customer_id,
        case when interactions.is_mapped_type then interactions.interaction_type else 'unknown' end
            as interaction_type,
        coalesce(channels.channel, 'unknown') as channel,
        interactions.occurred_at
    from {{ ref('int_interactions') }} as interactions
    left join {{ ref('channels') }} as channels
        on interactions.channel = channels.channel
    where {{ touched() }}

),

answers as (

    select
        stays.customer_id,
        stays.stay_number,
        count(*) as answers,
        sum(case when feedback.is_good then 1 else 0 end) as satisfied_answers
    from {{ ref('int_feedback') }} as feedback
    inner join stays
        on
            feedback.customer_id = stays.customer_id
            and {{ found_in_span('feedback.responded_at', 'stays') }}
    where feedback.measures = 'satisfaction'
    group by stays.customer_id, stays.stay_number

),

counted as (

    select
        stays.customer_id,
        stays.stay_number,
        touches.interaction_type,
        touches.channel,
        min(stays.stage) as stage,
        min(stays.next_stage) as next_stage,
        min(stays.valid_to) as left_at,
        count(*) as touches
    from touches
    inner join stays
        on
            touches.customer_id = stays.customer_id
            and {{ found_in_span('touches.occurred_at', 'stays') }}
    group by stays.customer_id, stays.stay_number, touches.interaction_type, touches.channel

),

described as (

    select
        counted.customer_id,
        customers.customer_type,
        cast(counted.stay_number as {{ dbt.type_bigint() }}) as stay_number,
        counted.stage,
        counted.next_stage,
        counted.left_at,
        counted.interaction_type,
        counted.channel,
        cast(counted.touches as {{ dbt.type_bigint() }}) as touches,
        cast(coalesce(answers.answers, 0) as {{ dbt.type_bigint() }}) as answers,
        cast(coalesce(answers.satisfied_answers, 0) as {{ dbt.type_bigint() }}) as satisfied_answers
    from counted
    inner join {{ ref('int_customers') }} as customers
        on counted.customer_id = customers.customer_id
    left join answers
        on
            counted.customer_id = answers.customer_id
            and counted.stay_number = answers.stay_number

)

select * from described
