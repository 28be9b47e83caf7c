-- Proves that each value of the scorecard is that of its KPI mart, by another way: what the mart publishes of
-- its rows, weighed by their denominators. What is mature in a mart is in the scorecard.
with

marts as (

    {{ published_metrics() }}

),

scorecard as (

    select * from {{ ref('kpi_stage_scorecard') }}

)

select
    coalesce(marts.metric, scorecard.metric) as metric,
    coalesce(marts.month_start_on, scorecard.month_start_on) as month_start_on,
    marts.published,
    scorecard.actual
from marts
full outer join scorecard
    on
        marts.metric = scorecard.metric
        and marts.stage = scorecard.stage
        and marts.month_start_on = scorecard.month_start_on
where
    (marts.published is null) != (scorecard.actual is null)
    or abs(marts.published - cast(scorecard.actual as {{ type_double() }})) > 0.000002
