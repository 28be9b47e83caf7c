{#- Whether a row of `segment_rules` matches a customer's measures at an instant. -#}
{% macro segment_rule_matches(rules, measured, instant) -%}
    {%- for bound, measure in [
        ('orders', measured ~ '.moment_number'),
        ('high_value_orders', measured ~ '.high_value_moments'),
        ('units', measured ~ '.total_units'),
    ] %}
            ({{ rules }}.min_{{ bound }} is null or {{ measure }} >= {{ rules }}.min_{{ bound }})
            and ({{ rules }}.max_{{ bound }} is null or {{ measure }} <= {{ rules }}.max_{{ bound }}) and
    {%- endfor %}
            ({{ rules }}.min_relative_value is null or {{ measured }}.total_net_amount >= cast({{ rules }}.min_relative_value as decimal(20, 4)) * {{ measured }}.mean_customer_value)
            and ({{ rules }}.max_relative_value is null or {{ measured }}.total_net_amount <= cast({{ rules }}.max_relative_value as decimal(20, 4)) * {{ measured }}.mean_customer_value)
    {%- for bound, since in [
        ('recency_days', measured ~ '.purchased_at'),
        ('high_value_recency_days', measured ~ '.high_value_at'),
    ] %}
            and ({{ rules }}.min_{{ bound }} is null or {{ instant }} >= {{ add_days(since, rules ~ '.min_' ~ bound) }})
            and ({{ rules }}.max_{{ bound }} is null or {{ instant }} < {{ add_days(since, rules ~ '.max_' ~ bound) }})
    {%- endfor %}
{%- endmacro %}
