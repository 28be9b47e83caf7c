{#- A UTC timestamp as local time of the business. -#}
{% macro to_business_time(timestamp_utc) -%}
    {{ return(adapter.dispatch('to_business_time', 'customer_lifecycle')(timestamp_utc)) }}
{%- endmacro %}

{% macro default__to_business_time(timestamp_utc) -%}
    ((({{ timestamp_utc }}) at time zone 'UTC') at time zone '{{ var('reporting_timezone') }}')
{%- endmacro %}

{% macro spark__to_business_time(timestamp_utc) -%}
    from_utc_timestamp({{ timestamp_utc }}, '{{ var('reporting_timezone') }}')
{%- endmacro %}

{#- Local time of the business as a UTC timestamp. -#}
{% macro from_business_time(timestamp_local) -%}
    {{ return(adapter.dispatch('from_business_time', 'customer_lifecycle')(timestamp_local)) }}
{%- endmacro %}

{% macro default__from_business_time(timestamp_local) -%}
    ((({{ timestamp_local }}) at time zone '{{ var('reporting_timezone') }}') at time zone 'UTC')
{%- endmacro %}

{% macro spark__from_business_time(timestamp_local) -%}
    to_utc_timestamp({{ timestamp_local }}, '{{ var('reporting_timezone') }}')
{%- endmacro %}

{#- The business day a UTC timestamp falls on. -#}
{% macro business_date(timestamp_utc) -%}
    {%- if var('reporting_timezone') == 'UTC' -%}
        cast({{ timestamp_utc }} as date)
    {%- else -%}
        cast({{ to_business_time(timestamp_utc) }} as date)
    {%- endif -%}
{%- endmacro %}

{#- The instant (UTC) at which a business day begins. -#}
{% macro start_of_business_date(business_date) -%}
    {%- if var('reporting_timezone') == 'UTC' -%}
        cast({{ business_date }} as {{ dbt.type_timestamp() }})
    {%- else -%}
        {{ from_business_time('cast(' ~ business_date ~ ' as ' ~ dbt.type_timestamp() ~ ')') }}
    {%- endif -%}
{%- endmacro %}

{#- A timestamp plus n times 24 hours; n may be a column. Keeps microseconds on every engine. -#}
{% macro add_days(timestamp_utc, days) -%}
    ({{ timestamp_utc }} + ({{ days }}) * interval '1' day)
{%- endmacro %}

{% macro add_minutes(timestamp_utc, minutes) -%}
    ({{ timestamp_utc }} + ({{ minutes }}) * interval '1' minute)
{%- endmacro %}

{#- A date plus n days, as a date. -#}
{% macro add_days_to_date(business_date, days) -%}
    cast({{ dbt.dateadd('day', days, business_date) }} as date)
{%- endmacro %}

{#- Before anything that can be known: what holds from the beginning holds from here. -#}
{% macro start_of_time() -%}
    cast('1900-01-01' as {{ dbt.type_timestamp() }})
{%- endmacro %}
