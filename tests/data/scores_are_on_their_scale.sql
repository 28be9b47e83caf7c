-- Warns of survey scores outside the scale that survey_types.csv gives the survey: a score of 10 of 5
-- counts as high, one of 0 as low, and both are more likely on another scale.
{{ config(severity='warn') }}

with

scores as (

    select
        surveys.survey_type,
        surveys.scale_min,
        surveys.scale_max,
        feedback.score
    from {{ ref('stg_feedback') }} as feedback
    inner join {{ ref('survey_types') }} as surveys
        on feedback.survey_type = surveys.survey_type
    where feedback.score < surveys.scale_min or feedback.score > surveys.scale_max

)

select
    survey_type,
    scale_min,
    scale_max,
    count(*) as answers,
    min(score) as lowest_score,
    max(score) as highest_score
from scores
group by survey_type, scale_min, scale_max
