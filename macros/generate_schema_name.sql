{#- Schemas are named by layer; `schema_prefix` keeps CI, developers and replays apart. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ var('schema_prefix') }}{{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
