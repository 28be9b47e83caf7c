{#-
    Whether this run only brings up to date what the last complete run left (a delta), or computes
    everything anew (a full run): the first one, one with --full-refresh, and one whose rules, models
    or raw tables differ from those of the last complete run.
-#}
{% macro is_delta_run() %}
    {%- if not execute or model.resource_type == 'unit_test' or flags.FULL_REFRESH -%}
        {{ return(false) }}
    {%- endif -%}
    {#- Asked some hundred times in a run, in which the answer is one; `graph` lives as long as it. -#}
    {%- if '_is_delta_run' not in graph -%}
        {%- do graph.update({'_is_delta_run': is_up_to_date_with_policy()}) -%}
    {%- endif -%}
    {{ return(graph['_is_delta_run']) }}
{% endmacro %}

{#- Whether there was a complete run, all it made is still there, and it followed today's policy. -#}
{% macro is_up_to_date_with_policy() %}
    {%- set last = existing('completed_run') -%}
    {%- if last is none -%}
        {{ return(false) }}
    {%- endif -%}
    {%- for node in graph.nodes.values()
        if node.config.materialized == 'incremental' or (is_made(node) and 'changes' in node.fqn) -%}
        {%- if existing(node.name) is none -%}
            {{ return(false) }}
        {%- endif -%}
    {%- endfor -%}
    {%- set found = run_query("select item from " ~ last ~ " where kind = 'policy'") -%}
    {{ return(found.rows | length == 1 and found.rows[0][0] == policy_hash()) }}
{% endmacro %}

{#- A model's relation in the database, as the last run left it; none when it is not there. -#}
{% macro existing(name) %}
    {%- if not execute -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set node = graph.nodes['model.customer_lifecycle.' ~ name] -%}
    {{ return(adapter.get_relation(node.database, node.schema, node.alias)) }}
{% endmacro %}

{#-
    One fingerprint of all that a build depends on beside the raw rows: rules, variables, the text of
    the models, the salt, and where the raw rows are. Another one makes the next run a full one.
-#}
{% macro policy_hash() -%}
    {%- set parts = [rule_hash(), local_md5(env_var('LIFECYCLE_PII_SALT', 'lifecycle'))] -%}
    {%- for node in graph.nodes.values() -%}
        {%- if node.resource_type == 'model' or (var('use_sample') and 'sample' in node.fqn) -%}
            {%- do parts.append(node.name ~ ':' ~ node.checksum.checksum) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in ['use_sample', 'schema_prefix', 'raw_schema'] -%}
        {%- do parts.append(name ~ ':' ~ var(name, '')) -%}
    {%- endfor -%}
    {#- A build that is told its as_of reads raw rows differently from one that is not. -#}
    {%- do parts.append('as_of:' ~ (as_of_instant() is not none)) -%}
    {{ return(local_md5(parts | sort | join('|'))) }}
{%- endmacro %}

{#- Whether dbt was told to run all models that are kept up to date; only then is a run complete. -#}
{% macro is_whole_run() %}
    {%- for node in graph.nodes.values() if node.config.materialized == 'incremental' -%}
        {%- if node.unique_id not in selected_resources -%}
            {{ return(false) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(true) }}
{% endmacro %}

{#-
    Stops a full run that would stage anew without the views it stages from: after a delta they show
    the changed rows only. Called on-run-start.
-#}
{% macro check_selection() %}
    {%- if execute and flags.WHICH in ['build', 'run'] and not is_delta_run() and existing('completed_run') -%}
        {%- for node in graph.nodes.values()
            if node.unique_id in selected_resources and node.config.materialized == 'incremental' -%}
            {%- for parent in node.depends_on.nodes
                if parent.split('.')[-1].startswith('base_') and parent not in selected_resources -%}
                {{ exceptions.raise_compiler_error(
                    "Everything has to be computed anew (--full-refresh was given, or the rules, the models or the "
                    ~ "place of the raw tables are others than at the last complete run), and " ~ node.name
                    ~ " needs " ~ parent.split('.')[-1] ~ " for that. Run without --select, or select +"
                    ~ node.name ~ "."
                ) }}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}

{#-
    Before a full run stages anew, the last complete one is no longer what the next may start from:
    should this run be stopped, the next one is a full run too. Called on-run-start.
-#}
{% macro forget_completed_run() %}
    {%- if execute and flags.WHICH in ['build', 'run'] and not is_delta_run() and existing('completed_run') -%}
        {%- for node in graph.nodes.values()
            if node.unique_id in selected_resources and node.config.materialized == 'incremental'
            and 'staging' in node.fqn -%}
            {%- if loop.first -%}
                delete from {{ existing('completed_run') }} where kind = 'policy'
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
