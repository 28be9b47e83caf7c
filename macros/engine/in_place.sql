{#-
    Where dbt-duckdb asks whether a table has foreign keys, it decides whether to replace the table in its place,
    in one transaction, or to make another beside it, rename both and drop the old one. The first takes a
    quarter fewer statements and leaves nothing lying about when a run is killed. A model that reads what it was
    before needs the second.
-#}
{% macro has_foreign_key_constraints(relation=none) %}
    {{ return(this | string not in (compiled_code or '')) }}
{% endmacro %}

{#- dbt-duckdb drops what it did not put aside as well: a hundred statements of a run. -#}
{% macro drop_relation_if_exists(relation) %}
    {%- if relation is not none and (load_cached_relation(relation) or not relation.identifier.endswith('__dbt_backup')) %}
        {%- do adapter.drop_relation(relation) %}
    {%- endif %}
{% endmacro %}

{#- A view is replaced in its place too, by one statement. dbt has no such way for DuckDB. -#}
{% materialization view, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set view = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if existing is not none and not existing.is_view %}
        {%- do adapter.drop_relation(existing) %}
    {%- endif %}
    {%- call statement('main') %}
        {{ get_create_view_as_sql(view, sql) }}
    {%- endcall %}
    {%- do persist_docs(view, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [view]}) }}
{% endmaterialization %}

{% macro duckdb__create_view_as(relation, sql) -%}
    {%- if config.get('contract').enforced %}
        {{ get_assert_columns_equivalent(sql) }}
    {%- endif %}
    create or replace view {{ relation }} as (
        {{ sql }}
    )
{%- endmacro %}
