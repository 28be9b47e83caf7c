{#- The largest share of a raw table that may be in quarantine, from `quarantine_share_limit`. -#}
{% macro quarantine_limit(table_name) -%}
    {%- set limit = var('quarantine_share_limit') -%}
    {%- set limits = limit if limit is mapping else {'default': limit} -%}
    case
        {% for table, share in limits.items() if table != 'default' -%}
        when {{ table_name }} = '{{ table }}' then {{ share }}
        {% endfor -%}
        when 1 = 1 then {{ limits['default'] }}
    end
{%- endmacro %}

{#-
    Whether a raw table has no more in quarantine than it may. Up to five rows stop nobody, so that
    one bad row of a small table is no alarm, unless they are all the table has.
-#}
{% macro is_within_quarantine_limit(quarantined_rows, raw_rows, quarantined_rate, limit) -%}
    (
        {{ quarantined_rows }} = 0
        or {{ quarantined_rate }} <= {{ limit }}
        or ({{ quarantined_rows }} <= 5 and {{ quarantined_rows }} < {{ raw_rows }})
    )
{%- endmacro %}
