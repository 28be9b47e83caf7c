{#-
    Removes the views of tests that passed, so that the schema `test_failures` holds those with rows
    to look at. Called on-run-end with the results of the run.
-#}
{% macro drop_empty_test_failures(results) %}
    {%- set drops = [] -%}
    {%- for result in results if result.node.resource_type == 'test' and result.status == 'pass' -%}
        {%- if result.node.relation_name -%}
            {%- do drops.append('drop view if exists ' ~ result.node.relation_name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(drops | join(';\n')) }}
{% endmacro %}
