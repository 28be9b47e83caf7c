-- How do customers feel on the way? Answers by the stage they found the customer in.
with

answers as (

    select
        feedback.customer_type,
        stages.position,
        feedback.stage,
        feedback.survey_type,
        sum(feedback.answers) as answers,
        sum(feedback.satisfied_answers) as satisfied_answers,
        sum(feedback.promoters) as promoters,
        sum(feedback.detractors) as detractors,
        sum(feedback.low_answers) as low_answers
    from {{ ref('kpi_feedback') }} as feedback
    left join {{ ref('lifecycle_stages') }} as stages
        on feedback.stage = stages.stage
    group by feedback.customer_type, stages.position, feedback.stage, feedback.survey_type

)

select
    *,
    {{ rate('satisfied_answers', 'answers') }} as satisfaction_rate,
    {{ rate('promoters - detractors', 'answers') }} as promoters_less_detractors_rate
from answers
order by customer_type, survey_type, position
