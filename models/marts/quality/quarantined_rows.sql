{%- set tables = raw_tables() -%}

with

{% for table, model in tables.items() -%}
{{ table }} as (

    select
        '{{ table }}' as table_name,
        _row_key as row_key,
        {{ '_fault' if model.startswith('base_') else '_contract_fault' }} as fault,
        _row as raw_row,
        _source_file as source_file,
        _loaded_at as loaded_at
    from {{ ref(model) }}
    where {{ '_fault' if model.startswith('base_') else '_contract_fault' }} is not null

),

{% endfor -%}
quarantined as (

    {% for table in tables -%}
    select * from {{ table }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from quarantined
