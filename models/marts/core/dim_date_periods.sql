{%- set starts = {'day': 'date_on', 'week': 'week_start_on', 'month': 'month_start_on'} -%}
with

as_of as (

    select as_of from {{ ref('int_as_of') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

),

days as (

    {% for kind, start in starts.items() -%}
    select
        date_on,
        '{{ kind }}' as period_kind,
        {{ start }} as period_start_on,
        cast({{ dbt.dateadd(kind, -1, start) }} as date) as previous_start_on,
        cast({{ dbt.dateadd(kind, 1, start) }} as date) as next_start_on
    from dates
    {% if not loop.last %}
    union all

    {% endif -%}
    {%- endfor %}
),

described as (

    select
        days.date_on,
        days.period_kind,
        days.period_start_on,
        days.previous_start_on,
        days.next_start_on,
        {{ start_of_business_date('days.next_start_on') }} <= as_of.as_of as is_period_complete
    from days
    cross join as_of

)

select * from described
