{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

contacts as (

    select
        contact_id,
        customer_id
    from {{ ref('int_contacts') }}
    where {{ touched() }}

),

customers as (

    select * from {{ ref('int_customers') }}

),

spans as (

    select * from {{ ref('lifecycle_spans') }}
    where {{ touched() }}

),

surveys as (

    select * from {{ ref('survey_types') }}

),

answers as (

    select
        feedback.feedback_id,
        contacts.customer_id,
        feedback.survey_type as survey_word,
        coalesce(surveys.survey_type, 'unknown') as survey_type,
        surveys.measures,
        feedback.touchpoint,
        feedback.theme,
        feedback.score,
        coalesce(feedback.score < surveys.low_below, false) as is_low,
        coalesce(surveys.measures <> 'promotion' and feedback.score >= surveys.good_from, false) as is_good,
        coalesce(surveys.measures = 'promotion' and feedback.score >= surveys.promoter_from, false) as is_promoter,
        feedback.responded_at,
        case when feedback.closed_at >= feedback.responded_at then feedback.closed_at end as closed_at
    from {{ ref('stg_feedback') }} as feedback
    inner join contacts
        on feedback.customer_id = contacts.contact_id
    left join surveys
        on feedback.survey_type = surveys.survey_type

),

-- The first better answer to the same survey after somebody got back to the customer.
improvements as (

    select
        low_answers.feedback_id,
        min(later_answers.responded_at) as improved_at
    from answers as low_answers
    inner join answers as later_answers
        on
            low_answers.customer_id = later_answers.customer_id
            and low_answers.survey_word = later_answers.survey_word
            and low_answers.score < later_answers.score
            and low_answers.closed_at < later_answers.responded_at
            and later_answers.responded_at <= {{ add_days('low_answers.responded_at', var('closed_loop_days')) }}
    where low_answers.is_low
    group by low_answers.feedback_id

),

placed as (

    select
        answers.feedback_id,
        answers.customer_id,
        customers.customer_type,
        answers.survey_type,
        answers.measures,
        answers.touchpoint,
        answers.theme,
        answers.score,
        answers.is_low,
        answers.is_good,
        answers.is_promoter,
        spans.stage,
        answers.responded_at,
        {{ business_date('answers.responded_at') }} as responded_on,
        answers.closed_at,
        improvements.improved_at
    from answers
    inner join customers
        on answers.customer_id = customers.customer_id
    inner join spans
        on
            answers.customer_id = spans.customer_id
            and {{ found_in_span('answers.responded_at') }}
    left join improvements
        on answers.feedback_id = improvements.feedback_id

)

select * from placed
