{#- Means of the shop are estimated from at least this many repeat buyers. -#}
{% macro minimum_repeat_buyers() -%} 100 {%- endmacro %}
