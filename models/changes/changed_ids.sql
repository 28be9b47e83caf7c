{#- Before and after: staging still holds the rows of the last run, landing has what came since. -#}
{%- set last = existing('completed_run') if is_delta_run() -%}
{%- set text = dbt.type_string() -%}
with

changed as (

    select * from {{ ref('changed_rows') }}

),

{% if last -%}
{% for table, about in staged_by_row().items() if about.ids -%}
{{ table }}_before as (

    select staged.*
    from {{ existing('stg_' ~ table) }} as staged
    where
        staged.{{ about.key }} in (
            select changed.row_key
            from changed
            where changed.table_name = '{{ table }}'
        )

),

{{ table }}_after as (

    select rows_to_stage.* from {{ working_set(table) }} as rows_to_stage

),

{% endfor -%}
found as (

    {% for table, about in staged_by_row().items() -%}
    {% for kind, columns in about.ids.items() -%}
    {% for column in columns -%}
    {% for side in ['before', 'after'] -%}
    select
        '{{ kind }}' as id_kind,
        {{ column }} as id
    from {{ table }}_{{ side }}
    union
    {% endfor -%}
    {% endfor -%}
    {% endfor -%}
    {% endfor -%}
    select
        'product' as id_kind,
        row_key as id
    from changed
    where table_name = 'products'
    union
    {{ pending(['id_kind', 'id']) }}

),

spoken_of as (

    select
        id_kind,
        id,
        {{ last_run_number() }} as since_run
    from found
    where id is not null

)
{%- else -%}
{%- for table in staged_by_row() %}{% set reference = working_set(table) %}{% endfor -%}
spoken_of as (

    select
        cast(null as {{ text }}) as id_kind,
        cast(null as {{ text }}) as id,
        since_run
    from changed
    where 1 = 0

)
{%- endif %}

select * from spoken_of
