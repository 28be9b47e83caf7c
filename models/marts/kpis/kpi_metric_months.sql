with

{% for entry in scorecard_metrics() -%}
{%- set mart = scorecard_mart(entry.mart) -%}
{{ entry.metric }}_of_{{ entry.stage }} as (

    select
        '{{ entry.metric }}' as metric,
        '{{ entry.stage }}' as stage,
        {{ mart.month }} as month_start_on,
        min(case when {{ entry.is_over or mart.is_over }} then 1 else 0 end) = 1 as is_mature,
        cast(sum({{ entry.numerator }}) as decimal(28, 6)) as numerator,
        cast(
            {%- if entry.denominator %} sum(case when {{ entry.numerator }} is not null then {{ entry.denominator }} end)
            {%- else %} null {%- endif %} as decimal(28, 6)
        ) as denominator,
        cast({{ 'sum(' ~ entry.value ~ ')' if entry.is_whole else 'null' }} as decimal(28, 6)) as published,
        {{ 'true' if entry.denominator else 'false' }} as is_divided
    from {{ ref(entry.mart) }}
    where {{ mart.where }} and {{ entry.where or '1 = 1' }}
    group by {{ mart.month }}

),

{% endfor -%}
measured as (

    {% for entry in scorecard_metrics() -%}
    select * from {{ entry.metric }}_of_{{ entry.stage }}
    {% if not loop.last %}
    union all

    {% endif -%}
    {%- endfor %}
),

described as (

    select
        metric,
        stage,
        month_start_on,
        is_mature,
        numerator,
        denominator,
        cast(
            case
                when is_mature
                    then coalesce(
                        published, case when is_divided then {{ rate('numerator', 'denominator') }} else numerator end
                    )
            end as decimal(28, 6)
        ) as actual
    from measured

)

select * from described
