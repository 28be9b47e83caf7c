{#-
    When the newest row of a raw table was loaded, for `dbt source freshness`: read as landing reads
    `_loaded_at`, whatever type it has. An optional table that is not there, or one whose source does
    not say when it loads, cannot be stale: it is as fresh as the question. That is asked of the
    clock, as freshness is by nature; no model reads it.
-#}
{% macro newest_load() %}
    {%- set relation = adapter.get_relation(this.database, this.schema, this.identifier) -%}
    {%- set found = landing_columns(relation, {}, this.identifier) -%}
    {%- if '_loaded_at' in found -%}
        select max({{ landing_cast(loaded_at_column(), found) }}) from {{ relation }}
    {%- else -%}
        select {{ dbt.snapshot_get_time() }}
    {%- endif -%}
{% endmacro %}

{#- What the contract says of `_loaded_at`, which every raw table may have. -#}
{% macro loaded_at_column() %}
    {{ return({'name': '_loaded_at', 'data_type': 'timestamp', 'config': {'meta': {}}}) }}
{% endmacro %}
