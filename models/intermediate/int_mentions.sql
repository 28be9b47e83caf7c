{{ config(
    materialized='incremental',
    touched_when=[["id_kind || ':' || id", 'mentions']]
) }}
{%- set is_delta = is_delta_run() %}

{{ after('changed_ids') }}
with

mentioned as (

    {% for table, about in staged_by_row().items() -%}
    {% set outer_last = loop.last %}
    {%- for kind, columns in about.ids.items() if kind != 'order' -%}
    {%- for column in columns -%}
    select
        '{{ kind }}' as id_kind,
        {{ column }} as id
    from {{ ref('stg_' ~ table) }}
    where
        {{ column }} is not null
        {%- if kind == 'anonymous' %}
        and customer_id is null
        {%- endif %}
        {%- if is_delta %}
        and {{ column }} in (
            select changed_ids.id
            from {{ ref('changed_ids') }} as changed_ids
            where changed_ids.id_kind = '{{ kind }}'
        )
        {%- endif %}
    group by {{ column }}
    union
    {% endfor -%}
    {%- endfor -%}
    {%- endfor -%}
    select
        'none' as id_kind,
        'none' as id
    where 1 = 0

)

select * from mentioned
