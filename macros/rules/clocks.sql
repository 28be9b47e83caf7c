{#- A number of days rounded half up to whole days and held within its bounds. -#}
{% macro clamped_days(days, lowest, highest) -%}
    least(
        greatest(
            cast(floor(cast({{ days }} as decimal(18, 6)) + 0.5) as {{ dbt.type_int() }}),
            {{ lowest }}
        ),
        {{ highest }}
    )
{%- endmacro %}
