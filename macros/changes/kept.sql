{#-
    A run that finds nothing new keeps every table as it is. That is right only when the last complete
    run made all models, which its row of kind `models` says: written when a run has made them all,
    forgotten when one makes some of them.
-#}
{% macro is_kept() %}
    {{ return(graph.get('_has_nothing_to_do', false) and load_cached_relation(this) is not none) }}
{% endmacro %}

{#- Asked when `changed_anything` has just been made: what it says holds for all models that come after. -#}
{% macro note_what_is_pending() %}
    {%- if model.name == 'changed_anything' and makes_all_models() and is_delta_run() -%}
        {%- set found = run_query("select has_changes from " ~ this) -%}
        {%- do graph.update({'_has_nothing_to_do': not found.rows[0][0]}) -%}
    {%- endif -%}
{% endmacro %}

{#- Whether dbt was told to make every model. -#}
{% macro makes_all_models() %}
    {%- for node in graph.nodes.values() if is_made(node) -%}
        {%- if node.unique_id not in selected_resources -%}
            {{ return(false) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(true) }}
{% endmacro %}

{% macro is_made(node) %}
    {{ return(node.resource_type == 'model' and node.config.materialized != 'ephemeral') }}
{% endmacro %}

{#- Called on-run-start. -#}
{% macro forget_that_all_models_were_made() %}
    {%- if execute and flags.WHICH in ['build', 'run'] and existing('completed_run') and not makes_all_models() -%}
        delete from {{ existing('completed_run') }} where kind = 'models'
    {%- endif -%}
{% endmacro %}

{#- Called on-run-end. -#}
{% macro note_that_all_models_were_made(results) %}
    {%- if execute and flags.WHICH in ['build', 'run'] and not graph.get('_has_nothing_to_do', false) -%}
        {%- set made = [] -%}
        {%- for result in results if result.status == 'success' -%}
            {%- do made.append(result.node.unique_id) -%}
        {%- endfor -%}
        {%- set missing = [] -%}
        {%- for node in graph.nodes.values() if is_made(node) and node.unique_id not in made -%}
            {%- do missing.append(node.unique_id) -%}
        {%- endfor -%}
        {%- if not missing -%}
            {%- set last = existing('completed_run') -%}
            insert into {{ last }}
                (kind, name, item, load_id, loaded_at, landed_rows, has_blank_keys, run_number)
            select 'models', 'models', 'all', null, null, null, null, max(run_number) from {{ last }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{#- dbt's own materializations, unless there is nothing to do. -#}
{% macro keep() %}
    {%- call noop_statement('main', 'KEPT') -%}
        select 1
    {%- endcall -%}
    {{ return({'relations': [load_cached_relation(this)]}) }}
{% endmacro %}

{% macro keep_or(materialize) %}
    {%- if is_kept() -%}
        {{ return(keep()) }}
    {%- endif -%}
    {%- set made = materialize() -%}
    {%- do note_what_is_pending() -%}
    {{ return(made) }}
{% endmacro %}

{% materialization table, default %}
    {{ return(keep_or(dbt.materialization_table_default)) }}
{% endmaterialization %}

{% materialization table, adapter='duckdb' %}
    {{ return(keep_or(dbt.materialization_table_duckdb)) }}
{% endmaterialization %}

{% materialization table, adapter='spark' %}
    {{ return(keep_or(dbt.materialization_table_spark)) }}
{% endmaterialization %}

{% materialization incremental, default %}
    {{ return(keep_or(dbt.materialization_incremental_default)) }}
{% endmaterialization %}

{% materialization incremental, adapter='duckdb' %}
    {{ return(keep_or(dbt.materialization_incremental_duckdb)) }}
{% endmaterialization %}

{% materialization incremental, adapter='spark' %}
    {{ return(keep_or(dbt.materialization_incremental_spark)) }}
{% endmaterialization %}
