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

{#- Both of amounts that were added, subtracted or chosen from: they have four digits, only the width is said. -#}
{% macro as_money(expression) -%}
    cast({{ expression }} as decimal(18, 4))
{%- endmacro %}

{% macro as_total(expression) -%}
    cast({{ expression }} as decimal(28, 4))
{%- endmacro %}

{#- Both of a double. -#}
{% macro double_to_money(expression) -%}
    cast({{ four_digits(expression) }} as decimal(18, 4))
{%- endmacro %}

{% macro double_to_total(expression) -%}
    cast({{ four_digits(expression) }} as decimal(28, 4))
{%- endmacro %}

{#- A double rounded half away from zero, where ten digits behind the point tell what a half is. -#}
{% macro four_digits(expression) -%}
    {{ return(adapter.dispatch('four_digits', 'customer_lifecycle')(expression)) }}
{%- endmacro %}

{% macro default__four_digits(expression) -%}
    round(cast({{ expression }} as decimal(38, 10)), 4)
{%- endmacro %}

{#- The same in doubles: DuckDB takes five times as long over a DECIMAL this wide. -#}
{% macro duckdb__four_digits(expression) -%}
    round(round(({{ expression }}) * 10000000000) / 1000000) / 10000
{%- endmacro %}
