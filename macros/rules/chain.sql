{#-
    Solves one linear equation per stage, as the CTEs up to `solved`. `first` holds, for each of
    `by`, the rows (i, side, j, x): stage i is worth the sum of x over 'left' times what stage j is worth,
    plus its x over 'right' (of each column j). Stage by stage an equation is solved for its own stage
    and put into the others (Gauss and Jordan). What leads to a stage that nothing leads away from,
    or of which no equation is known, is NULL.
-#}
{% macro solved_by_stage(first, stages, by='customer_type') -%}
{%- set source = namespace(name=first) -%}
{%- for stage in stages -%}
{%- set own = "max(case when i = '" ~ stage ~ "' and side = 'left' and j = '" ~ stage
    ~ "' then x end) over (partition by " ~ by ~ ")" -%}
without_{{ stage }} as (

    select
        {{ by }},
        i,
        side,
        j,
        case
            when side = 'left' and j = '{{ stage }}' then 0
            when i = '{{ stage }}' then x / leaving
            when onto_stage = 0 or from_stage = 0 then x
            else x + onto_stage * from_stage / leaving
        end as x
    from (
        select
            *,
            coalesce(
                max(case when side = 'left' and j = '{{ stage }}' then x end) over (partition by {{ by }}, i), 0
            ) as onto_stage,
            max(case when i = '{{ stage }}' then x end) over (partition by {{ by }}, side, j) as from_stage,
            case when 1 - {{ own }} > 0.000000001 then 1 - {{ own }} end as leaving
        from {{ source.name }}
    ) as seen

),
{% set source.name = 'without_' ~ stage %}
{% endfor -%}
solved as (

    select * from {{ source.name }}

)
{%- endmacro %}
