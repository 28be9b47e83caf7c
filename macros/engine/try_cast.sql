{#-
    A text as a value of the type, NULL where it is not one. Never an error.

    Types: string, timestamp (UTC, an offset in the text is applied), date, decimal
    (DECIMAL(18,4), the project's money), rate (DECIMAL(18,8)), integer, boolean.
-#}
{% macro try_cast(expression, type) -%}
    {%- if type == 'string' -%}
        {{ expression }}
    {%- elif type == 'boolean' -%}
        case
            when lower({{ expression }}) in ('true', 't', 'yes', 'y', '1') then true
            when lower({{ expression }}) in ('false', 'f', 'no', 'n', '0') then false
        end
    {%- else -%}
        {{ return(adapter.dispatch('try_cast', 'customer_lifecycle')(expression, type)) }}
    {%- endif -%}
{%- endmacro %}

{% macro default__try_cast(expression, type) -%}
    try_cast({{ expression }} as {{ sql_type(type) }})
{%- endmacro %}

{% macro duckdb__try_cast(expression, type) -%}
    {%- if type == 'timestamp' -%}
        {#- The plain cast drops an offset without a word; the zoned one applies it. -#}
        case
            when regexp_matches({{ expression }}, '{{ offset_pattern() }}')
                then try_cast({{ expression }} as timestamptz) at time zone 'UTC'
            else try_cast({{ expression }} as timestamp)
        end
    {%- elif type == 'integer' -%}
        try_cast(round(try_cast({{ expression }} as decimal(38, 4)), 0) as bigint)
    {%- else -%}
        try_cast({{ expression }} as {{ sql_type(type) }})
    {%- endif -%}
{%- endmacro %}

{% macro postgres__try_cast(expression, type) -%}
    {%- set valid -%} pg_input_is_valid({{ expression }}, '{{ sql_type(type) }}') {%- endset -%}
    {%- if type == 'timestamp' -%}
        case
            when not {{ valid }} or {{ expression }} !~ '^[0-9]' then null
            when {{ expression }} ~ '{{ offset_pattern() }}'
                then cast({{ expression }} as timestamptz) at time zone 'UTC'
            else cast({{ expression }} as timestamp)
        end
    {%- elif type == 'date' -%}
        case
            when {{ valid }} and {{ expression }} ~ '^[0-9]' then cast({{ expression }} as date)
        end
    {%- else -%}
        {#- NaN and infinity are numbers to Postgres, not to DECIMAL elsewhere. -#}
        {%- set number = 'numeric(38, 4)' if type == 'integer' else sql_type(type) -%}
        case
            when
                pg_input_is_valid({{ expression }}, '{{ number }}')
                and {{ expression }} ~ '^\s*[-+]?[0-9.]'
                then cast({% if type == 'integer' -%}
                    round(cast({{ expression }} as {{ number }}), 0)
                {%- else -%}
                    {{ expression }}
                {%- endif %} as {{ sql_type(type) }})
        end
    {%- endif -%}
{%- endmacro %}

{#- A number of another kind as the type, NULL where it does not fit. -#}
{% macro try_cast_number(expression, type) -%}
    {{ return(adapter.dispatch('try_cast_number', 'customer_lifecycle')(expression, type)) }}
{%- endmacro %}

{% macro default__try_cast_number(expression, type) -%}
    {%- if type == 'integer' -%}
        try_cast(round(try_cast({{ expression }} as decimal(38, 4)), 0) as {{ sql_type(type) }})
    {%- else -%}
        try_cast({{ expression }} as {{ sql_type(type) }})
    {%- endif -%}
{%- endmacro %}

{% macro postgres__try_cast_number(expression, type) -%}
    {{ try_cast('cast(' ~ expression ~ ' as text)', type) }}
{%- endmacro %}

{#- A time zone at the end of a timestamp: Z, +02, +0200, -05:00. -#}
{% macro offset_pattern() -%}
    [0-9][0-9]:[0-9][0-9].*([zZ]|[-+][0-9][0-9](:?[0-9][0-9])?)$
{%- endmacro %}

{#- The engine's word for a type of the raw contract. -#}
{% macro sql_type(type) -%}
    {{ {
        'string': dbt.type_string(),
        'timestamp': dbt.type_timestamp(),
        'date': 'date',
        'decimal': 'decimal(18, 4)',
        'rate': 'decimal(18, 8)',
        'integer': dbt.type_bigint(),
        'boolean': dbt.type_boolean(),
    }[type] }}
{%- endmacro %}
