{#-
    An amount of a source in the reporting currency. The amount is widened first: DuckDB multiplies
    two DECIMALs of up to 18 digits in 18 digits, which a million at eight places of rate overflows.
-#}
{% macro in_reporting_currency(amount, rate) -%}
    {{ to_money('cast(' ~ amount ~ ' as decimal(28, 8)) * ' ~ rate) }}
{%- endmacro %}

{#- So many pieces at so much each. Widened for the same reason. -#}
{% macro pieces_times(quantity, amount) -%}
    cast({{ quantity }} as decimal(28, 4)) * {{ amount }}
{%- endmacro %}
