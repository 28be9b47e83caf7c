{#- The engine's eight-byte floating point type; dbt.type_float has four bytes on DuckDB. -#}
{% macro type_double() -%}
    {{ return(adapter.dispatch('type_double', 'customer_lifecycle')()) }}
{%- endmacro %}

{% macro default__type_double() -%} double precision {%- endmacro %}

{% macro duckdb__type_double() -%} double {%- endmacro %}

{% macro spark__type_double() -%} double {%- endmacro %}

{#- An amount of money, DECIMAL(18,4), that was added up or chosen from others: four digits as it is. -#}
{% macro as_money(expression) -%}
    cast({{ expression }} as decimal(18, 4))
{%- endmacro %}

{#- The same of a customer or more: DECIMAL(28,4), which no sum of amounts leaves. -#}
{% macro as_total(expression) -%}
    cast({{ expression }} as decimal(28, 4))
{%- endmacro %}

{#- Both of what was multiplied or divided: rounded half away from zero. -#}
{% macro to_money(expression) -%}
    {{ as_money(four_digits(expression)) }}
{%- endmacro %}

{% macro to_total(expression) -%}
    {{ as_total(four_digits(expression)) }}
{%- endmacro %}

{#- Both of a double. -#}
{% macro double_to_money(expression) -%}
    {{ as_money(four_digits_of_double(expression)) }}
{%- endmacro %}

{% macro double_to_total(expression) -%}
    {{ as_total(four_digits_of_double(expression)) }}
{%- endmacro %}

{#- Ten digits behind the point tell what a half is: a double may lie a little below the one it stands for. -#}
{% macro four_digits(expression) -%}
    round(cast({{ expression }} as decimal(38, 10)), 4)
{%- endmacro %}

{% macro four_digits_of_double(expression) -%}
    {{ return(adapter.dispatch('four_digits_of_double', 'customer_lifecycle')(expression)) }}
{%- endmacro %}

{% macro default__four_digits_of_double(expression) -%}
    {{ four_digits(expression) }}
{%- endmacro %}

{#- The same in doubles: DuckDB takes five times as long over a DECIMAL this wide. -#}
{% macro duckdb__four_digits_of_double(expression) -%}
    round(round(({{ expression }}) * 10000000000) / 1000000) / 10000
{%- endmacro %}
