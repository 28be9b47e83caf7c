{{ config(
    materialized='incremental',
    touched_when=[
        ["table_name || ':' || coalesce(row_key, '')", 'raw rows'],
        ['table_name', 'tables read in full'],
    ]
) }}
{%- set tables = raw_tables() -%}

with

{% for table, model in tables.items() -%}
{%- set fault = '_fault' if model.startswith('base_') else '_contract_fault' -%}
{{ table }} as (

    select
        '{{ table }}' as table_name,
        landed._row_key as row_key,
        landed.{{ fault }} as fault,
        {{ landed_row(table, 'landed') }} as raw_row,
        landed._source_file as source_file,
        landed._loaded_at as loaded_at
    from {{ ref(model) }} as landed
    where landed.{{ fault }} is not null

),

{% endfor -%}
{{- after('changed_rows') }}
every_table as (

    {% for table in tables -%}
    select * from {{ table }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

quarantined as (

    select
        table_name,
        row_key,
        fault,
        {{ json_document('raw_row') }} as raw_row,
        source_file,
        loaded_at
    from every_table

)

select * from quarantined
