{#-
    Before and after: staging still holds the rows of the last run, landing has what came since.
    Most rows are visits, which move neither what somebody bought nor what they think of us.
-#}
{%- set last = existing('completed_run') if is_delta_run() -%}
{%- set text = dbt.type_string() -%}
with

changed as (

    select * from {{ ref('changed_rows') }}

),

{% if last -%}
telling_types as (

    select interaction_type from {{ ref('interaction_types') }}
    where {{ is_opinion('signal') }}

),

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
        changed_table.{{ column }} as id,
        {{ 'true' if table in ['orders', 'refunds'] else 'false' }} as has_changed_orders,
        {% if table == 'interactions' -%}
        telling_types.interaction_type is not null as has_changed_signals
        {%- else -%}
        {{ 'true' if table in ['feedback', 'tickets'] else 'false' }} as has_changed_signals
        {%- endif %}
    from {{ table }}_{{ side }} as changed_table
    {% if table == 'interactions' -%}
    left join telling_types
        on changed_table.interaction_type = telling_types.interaction_type
    {% endif -%}
    union
    {% endfor -%}
    {% endfor -%}
    {% endfor -%}
    {% endfor -%}
    select
        'product' as id_kind,
        row_key as id,
        false as has_changed_orders,
        false as has_changed_signals
    from changed
    where table_name = 'products'
    union
    {{ pending(['id_kind', 'id', 'has_changed_orders', 'has_changed_signals']) }}

),

spoken_of as (

    select
        id_kind,
        id,
        {{ dbt.bool_or('has_changed_orders') }} as has_changed_orders,
        {{ dbt.bool_or('has_changed_signals') }} as has_changed_signals,
        {{ last_run_number() }} as since_run
    from found
    where id is not null
    group by id_kind, id

)
{%- else -%}
{{- after('interaction_types') }}
{%- for table in staged_by_row() %}{% set reference = working_set(table) %}{% endfor -%}
spoken_of as (

    select
        cast(null as {{ text }}) as id_kind,
        cast(null as {{ text }}) as id,
        cast(null as boolean) as has_changed_orders,
        cast(null as boolean) as has_changed_signals,
        since_run
    from changed
    where 1 = 0

)
{%- endif %}

select * from spoken_of
