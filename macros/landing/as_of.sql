{#-
    The instant (UTC) that a text names: a date means the end of that business day, anything else
    is read as a UTC timestamp. None when it is empty. `name` is what the user calls it.
-#}
{% macro instant(given, name) %}
    {%- if not given -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set text = given | string | trim -%}
    {%- set is_date = modules.re.match('^\\d{4}-\\d{2}-\\d{2}$', text) is not none -%}
    {%- set is_instant = modules.re.match('^\\d{4}-\\d{2}-\\d{2}[ T]\\d{2}:\\d{2}(:\\d{2})?Z?$', text) is not none -%}
    {%- if not is_date and not is_instant -%}
        {{ exceptions.raise_compiler_error(
            name ~ " is '" ~ text ~ "'. Write a business day (2025-01-31) or a UTC instant "
            ~ "(2025-01-31 18:00:00)."
        ) }}
    {%- endif -%}
    {%- if is_date -%}
        {%- set zone = modules.pytz.timezone(var('reporting_timezone')) -%}
        {%- set next_day = modules.datetime.datetime.strptime(text, '%Y-%m-%d')
            + modules.datetime.timedelta(days=1) -%}
        {{ return(zone.localize(next_day).astimezone(modules.pytz.utc).replace(tzinfo=None)) }}
    {%- endif -%}
    {%- set plain = text | replace('T', ' ') | replace('Z', '') -%}
    {%- set plain = plain if plain | length > 16 else plain ~ ':00' -%}
    {{ return(modules.datetime.datetime.strptime(plain, '%Y-%m-%d %H:%M:%S')) }}
{% endmacro %}

{#- An instant as a SQL literal. -#}
{% macro instant_literal(instant) -%}
    {{ return("cast('" ~ instant.strftime('%Y-%m-%d %H:%M:%S') ~ "' as " ~ dbt.type_timestamp() ~ ")") }}
{%- endmacro %}

{#- The instant (UTC, exclusive) that the variable `as_of` names, or none when it is empty. -#}
{% macro as_of_instant() %}
    {{ return(instant(var('as_of', none), 'The variable as_of')) }}
{% endmacro %}

{#- The same as a SQL literal. -#}
{% macro as_of_literal() -%}
    {%- set known = as_of_instant() -%}
    {{ return(instant_literal(known) if known else none) }}
{%- endmacro %}

{#- The last business day of which anything is known at `as_of`, as a SQL literal. -#}
{% macro as_of_business_date_literal() -%}
    {%- set zone = modules.pytz.timezone(var('reporting_timezone')) -%}
    {%- set last = as_of_instant() - modules.datetime.timedelta(microseconds=1) -%}
    {%- set local = modules.pytz.utc.localize(last).astimezone(zone) -%}
    {{ return("cast('" ~ local.strftime('%Y-%m-%d') ~ "' as date)") }}
{%- endmacro %}

{#-
    Of each table of events, its time aggregated over all rows (min, max) as `event_at`. `as_of` is
    after the last of them, the calendar begins with the first.
-#}
{% macro event_times(aggregate) -%}
    {%- for table, event_time in {
        'orders': 'ordered_at',
        'refunds': 'refunded_at',
        'interactions': 'occurred_at',
        'feedback': 'responded_at',
        'tickets': 'opened_at',
        'customers': 'registered_at',
    }.items() %}
    select {{ aggregate }}({{ event_time }}) as event_at from {{ ref('stg_' ~ table) }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
