{#-
    A text as a value of the type, NULL where it is not one. Never an error.

    Types: string, timestamp (UTC, an offset in the text is applied), date, decimal
    (DECIMAL(18,4), the project's money), rate (DECIMAL(18,8)), number (DECIMAL(28,12), a parameter
    of a model), integer, boolean.

    Only one way of writing each type is read, the ISO one, so that every engine reads the same:
    what an engine would guess (01/02/2024, 1 PM, a zone's name, hexadecimal) is no value.
-#}
{% macro try_cast(expression, type) -%}
    {%- if type == 'string' -%}
        {{ expression }}
    {%- elif type == 'boolean' -%}
        case
            when lower({{ expression }}) in ('true', 't', 'yes', 'y', '1') then true
            when lower({{ expression }}) in ('false', 'f', 'no', 'n', '0') then false
        end
    {%- elif type == 'timestamp' -%}
        case
            when not {{ matches(expression, timestamp_pattern()) }} then null
            when {{ matches(expression, offset_pattern()) }}
                then {{ adapter.dispatch('try_cast_offset', 'customer_lifecycle')(
                    "replace(replace(replace(" ~ expression ~ ", ' +', '+'), ' -', '-'), ' Z', 'Z')"
                ) }}
            else {{ adapter.dispatch('try_cast', 'customer_lifecycle')(expression, sql_type(type)) }}
        end
    {%- elif type == 'date' -%}
        case
            when {{ matches(expression, timestamp_pattern()) }} and not {{ matches(expression, offset_pattern()) }}
                then cast({{ adapter.dispatch('try_cast', 'customer_lifecycle')(
                    expression, sql_type('timestamp')
                ) }} as date)
        end
    {%- elif type == 'integer' -%}
        case
            when {{ matches(expression, number_pattern()) }}
                then cast(
                    round({{ adapter.dispatch('try_cast', 'customer_lifecycle')(expression, sql_type('decimal')) }}, 0)
                    as {{ sql_type(type) }}
                )
        end
    {%- else -%}
        case
            when {{ matches(expression, number_pattern()) }}
                then {{ adapter.dispatch('try_cast', 'customer_lifecycle')(expression, sql_type(type)) }}
        end
    {%- endif -%}
{%- endmacro %}

{% macro default__try_cast(expression, sql_type) -%}
    try_cast({{ expression }} as {{ sql_type }})
{%- endmacro %}

{% macro postgres__try_cast(expression, sql_type) -%}
    case when pg_input_is_valid({{ expression }}, '{{ sql_type }}') then cast({{ expression }} as {{ sql_type }}) end
{%- endmacro %}

{#- A text with an offset as UTC. A plain cast to timestamp would drop the offset without a word. -#}
{% macro default__try_cast_offset(expression) -%}
    try_cast({{ expression }} as timestamptz) at time zone 'UTC'
{%- endmacro %}

{% macro postgres__try_cast_offset(expression) -%}
    case
        when pg_input_is_valid({{ expression }}, 'timestamptz')
            then cast({{ expression }} as timestamptz) at time zone 'UTC'
    end
{%- endmacro %}

{#- Spark's timestamp is an instant, shown in the session's zone, which is UTC. -#}
{% macro spark__try_cast_offset(expression) -%}
    try_cast({{ expression }} as timestamp)
{%- endmacro %}

{#- A number of another kind as the type, NULL where it does not fit. -#}
{% macro try_cast_number(expression, type) -%}
    {{ return(adapter.dispatch('try_cast_number', 'customer_lifecycle')(expression, type)) }}
{%- endmacro %}

{% macro default__try_cast_number(expression, type) -%}
    {%- if type == 'integer' -%}
        try_cast(round(try_cast({{ expression }} as {{ sql_type('decimal') }}), 0) as {{ sql_type(type) }})
    {%- else -%}
        try_cast({{ expression }} as {{ sql_type(type) }})
    {%- endif -%}
{%- endmacro %}

{% macro postgres__try_cast_number(expression, type) -%}
    {{ try_cast('cast(' ~ expression ~ ' as text)', type) }}
{%- endmacro %}

{#- Whether a text matches a regular expression; patterns have no backslash, which engines read differently. -#}
{% macro matches(expression, pattern) -%}
    {{ return(adapter.dispatch('matches', 'customer_lifecycle')(expression, pattern)) }}
{%- endmacro %}

{% macro default__matches(expression, pattern) -%}
    regexp_matches({{ expression }}, '{{ pattern }}')
{%- endmacro %}

{% macro postgres__matches(expression, pattern) -%}
    ({{ expression }} ~ '{{ pattern }}')
{%- endmacro %}

{% macro spark__matches(expression, pattern) -%}
    ({{ expression }} rlike '{{ pattern }}')
{%- endmacro %}

{#-
    2025-01-31, 2025-01-31 18:00, 2025-01-31T18:00:00.5, each time with or without an offset. There is
    no year 0000, though DuckDB takes it for 1 BC.
-#}
{% macro timestamp_pattern() -%}
    ^(0{3}[1-9]|0{2}[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-[0-9]{1,2}-[0-9]{1,2}([ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?( ?(Z|[-+][0-9]{2}(:?[0-9]{2})?))?)?$
{%- endmacro %}

{#- A time with a zone at its end: Z, +02, +0200, -05:00. -#}
{% macro offset_pattern() -%}
    :[0-9]{2}([.][0-9]+)? ?(Z|[-+][0-9]{2}(:?[0-9]{2})?)$
{%- endmacro %}

{% macro number_pattern() -%}
    ^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?$
{%- endmacro %}

{#- The engine's word for a type of the raw contract. -#}
{% macro sql_type(type) -%}
    {{ {
        'string': dbt.type_string(),
        'timestamp': dbt.type_timestamp(),
        'date': 'date',
        'decimal': 'decimal(18, 4)',
        'rate': 'decimal(18, 8)',
        'number': 'decimal(28, 12)',
        'integer': dbt.type_bigint(),
        'boolean': dbt.type_boolean(),
    }[type] }}
{%- endmacro %}
