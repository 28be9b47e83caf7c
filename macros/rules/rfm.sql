{#- A rank among n as a score from 1 (lowest fifth) to 5; equal ranks score alike. -#}
{% macro quintile(rank, n) -%}
    cast(1 + floor(cast(5 * ({{ rank }} - 1) as {{ type_double() }}) / {{ n }}) as {{ dbt.type_int() }})
{%- endmacro %}

{#- numerator ÷ denominator, six places, NULL where the denominator is zero. -#}
{% macro rate(numerator, denominator) -%}
    cast(
        round(
            cast(
                cast({{ numerator }} as {{ type_double() }}) / nullif(cast({{ denominator }} as {{ type_double() }}), 0)
                as decimal(28, 10)
            ), 6
        ) as decimal(18, 6)
    )
{%- endmacro %}
