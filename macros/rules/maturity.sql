{#- Whether so many days have passed, at `as_of`, since the end of the month that begins on a day. -#}
{% macro is_month_over(month_start_on, days=0) -%}
    {%- set month_end_at = start_of_business_date(dbt.dateadd('month', 1, month_start_on)) -%}
    ({{ add_days(month_end_at, days) if days else month_end_at }} <= as_of.as_of)
{%- endmacro %}

{#-
    Whether a span is the one in which an event found the customer. An event at the very instant at
    which a span begins is what began it (an order, a low score, a product view), so it belongs to the
    span before; only the event that begins a life has none.
-#}
{% macro found_in_span(event_at, spans='spans', previous='previous_stage') -%}
    (
        ({{ spans }}.valid_from < {{ event_at }} or {{ spans }}.{{ previous }} is null)
        and {{ spans }}.valid_from <= {{ event_at }}
        and ({{ spans }}.valid_to >= {{ event_at }} or {{ spans }}.valid_to is null)
    )
{%- endmacro %}

{#- The median of whole numbers, divided by so many, six places; NULL without any. -#}
{% macro median_of(expression, divisor=1) -%}
    {{ rate(
        'percentile_cont(0.5) within group (order by cast(' ~ expression ~ ' as ' ~ type_double() ~ '))', divisor
    ) }}
{%- endmacro %}
