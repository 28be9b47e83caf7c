{#- The engine's eight-byte floating point type; dbt.type_float has four bytes on DuckDB. -#}
{% macro type_double() -%}
    {{ return(adapter.dispatch('type_double', 'customer_lifecycle')()) }}
{%- endmacro %}

{% macro default__type_double() -%} double precision {%- endmacro %}

{% macro duckdb__type_double() -%} double {%- endmacro %}

{% macro spark__type_double() -%} double {%- endmacro %}

{#- An amount of money: DECIMAL(18,4), rounded half away from zero. -#}
{% macro to_money(expression) -%}
    cast(round(cast({{ expression }} as decimal(38, 10)), 4) as decimal(18, 4))
{%- endmacro %}

{#- A sum of amounts over a customer or more: DECIMAL(28,4), which no sum of them leaves. -#}
{% macro to_total(expression) -%}
    cast(round(cast({{ expression }} as decimal(38, 10)), 4) as decimal(28, 4))
{%- endmacro %}
