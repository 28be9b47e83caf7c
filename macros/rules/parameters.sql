{#- Means of the shop are estimated from at least this many repeat buyers. -#}
{% macro minimum_repeat_buyers() -%} 100 {%- endmacro %}

{#- Parameters without a default that need one: queries for `seed_problems`. -#}
{% macro missing_defaults() %}
    {%- set queries = [] -%}
    {%- for customer_type in vocabulary('customer_type') -%}
        {%- do queries.extend(missing_rows(
            'parameter_defaults', 'parameter', vocabulary('needed_parameter'), 'customer_type', customer_type
        )) -%}
    {%- endfor -%}
    {{ return(queries) }}
{% endmacro %}
