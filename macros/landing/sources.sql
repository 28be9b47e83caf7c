{#-
    The key of a raw row as one text: of columns as landing has them, or, when `found` is given, as
    they came.
-#}
{% macro landing_row_key(contract, found=none) -%}
    {%- set parts = [] -%}
    {%- set names = contract.config.meta.key -%}
    {%- for name in names -%}
        {%- set column = contract.columns[name] -%}
        {%- set own = landing_cast(column, found) | trim if found is not none else name -%}
        {%- if landing_type(column) != 'string' -%}
            {%- set own = 'cast(' ~ own ~ ' as ' ~ dbt.type_string() ~ ')' -%}
        {%- endif -%}
        {%- do parts.append('coalesce(' ~ own ~ ", '')" if names | length > 1 else own) -%}
    {%- endfor -%}
    {{ parts | join(" || '|' || ") }}
{%- endmacro %}

{#- Where the rows of a raw table are; none when an optional table is not there. -#}
{% macro landing_relation(table) %}
    {%- if var('use_sample') -%}
        {%- if table in ('loads', 'erasures', 'exports') -%}
            {{ return(none) }}
        {%- endif -%}
        {%- do ref('sample_' ~ table) -%}
    {%- else -%}
        {%- do source('raw', table) -%}
    {%- endif -%}
    {%- if not execute -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set relation = landing_table(table) -%}
    {%- if relation is none and model.config.meta.required -%}
        {{ exceptions.raise_compiler_error(
            "The required raw table " ~ source('raw', table).schema ~ "." ~ table ~ " is not there. Load it with "
            ~ "`lifecycle load PATH`, or build the sample company with use_sample: true."
        ) }}
    {%- endif -%}
    {{ return(relation) }}
{% endmacro %}

{#- The same, for models that read the landing model of the table and need not name its source. -#}
{% macro landing_table(table) %}
    {%- if var('use_sample') -%}
        {%- set node = graph.nodes.get('seed.customer_lifecycle.sample_' ~ table) -%}
        {{ return(adapter.get_relation(node.database, node.schema, node.alias) if node else none) }}
    {%- endif -%}
    {%- set node = graph.sources['source.customer_lifecycle.raw.' ~ table] -%}
    {{ return(adapter.get_relation(node.database, node.schema, node.identifier)) }}
{% endmacro %}

{#- The columns that are there: {name: type in lower case}. Stops when a required one is not. -#}
{% macro landing_columns(relation, contract, table) %}
    {%- set found = {} -%}
    {%- if relation is not none -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- do found.update({column.name | lower: {'name': column.name, 'type': column.dtype | lower}}) -%}
        {%- endfor -%}
        {%- for column in contract.values() if column.config.meta.required and column.name not in found -%}
            {{ exceptions.raise_compiler_error(
                "The raw table " ~ table ~ " has no column " ~ column.name ~ ", which the contract in "
                ~ "models/landing/raw_" ~ table ~ ".yml requires. Its columns are: "
                ~ found.keys() | join(', ') ~ "."
            ) }}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{% endmacro %}
