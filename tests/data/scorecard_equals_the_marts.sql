-- Proves that each value of the scorecard is that of its KPI mart, by another way: what the mart publishes of
-- its rows, weighed by their denominators. A row that publishes nothing though it has a denominator
-- (spend that won nobody) counts with its numerator. A mature month of a mart is in the scorecard.
with

{% for entry in scorecard_metrics() -%}
{%- set mart = scorecard_mart(entry.mart) -%}
{%- set weight = entry.weight or entry.denominator -%}
{{ entry.metric }}_of_{{ entry.stage }} as (

    select
        '{{ entry.metric }}' as metric,
        '{{ entry.stage }}' as stage,
        {{ mart.month }} as month_start_on,
        {%- if entry.denominator and not entry.is_whole %}
        sum(coalesce(cast({{ entry.value }} as {{ type_double() }}) * {{ weight }}, {{ entry.numerator }}))
        / nullif(
            cast(sum(case when {{ entry.numerator }} is not null then {{ entry.denominator }} end)
                as {{ type_double() }}), 0
        ) as published
        {%- else %}
        cast(sum({{ entry.value }}) as {{ type_double() }}) as published
        {%- endif %}
    from {{ ref(entry.mart) }}
    where {{ mart.where }} and {{ entry.where or '1 = 1' }}
    group by {{ mart.month }}
    having min(case when {{ entry.is_over or mart.is_over }} then 1 else 0 end) = 1

),

{% endfor -%}
marts as (

    {% for entry in scorecard_metrics() -%}
    select * from {{ entry.metric }}_of_{{ entry.stage }}
    {% if not loop.last %}
    union all

    {% endif -%}
    {%- endfor %}
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
