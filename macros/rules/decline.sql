{#-
    When silence becomes a signal: `limit_ratio` times the customer's own mean gap after what was last
    heard, in whole days within the bounds of the rule.
-#}
{% macro silence_begins(measured, rules) -%}
    {{ add_days(
        measured ~ '.measured_at',
        clamped_days(measured ~ '.mean_past * ' ~ rules ~ '.limit_ratio', rules ~ '.min_days', rules ~ '.max_days')
    ) }}
{%- endmacro %}

{#- What is recent as a share of the own past, at most 1000; NULL where either is. -#}
{% macro share_of_past(recent, past) -%}
    case when {{ recent }} is not null then {{ rate('least(' ~ recent ~ ', 1000 * ' ~ past ~ ')', past) }} end
{%- endmacro %}

{#- Whether a stretch with `valid_from` and `valid_to` holds at an instant. -#}
{% macro holds_at(stretch, instant) -%}
    ({{ stretch }}.valid_from < {{ instant }} and ({{ stretch }}.valid_to >= {{ instant }} or {{ stretch }}.valid_to is null))
{%- endmacro %}

{#- Days between two timestamps, in whole days of 24 hours. -#}
{% macro whole_days(from_at, to_at) -%}
    cast(floor(cast({{ dbt.datediff(from_at, to_at, 'second') }} as {{ type_double() }}) / 86400) as {{ dbt.type_bigint() }})
{%- endmacro %}
