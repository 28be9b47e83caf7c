with

numbers as (

    {{ dbt.generate_series(upper_bound=54787) }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

event_times as (

    {{ event_times('min') }}

),

bounds as (

    select
        coalesce({{ business_date('min(event_times.event_at)') }}, min(as_of.as_of_on)) as first_on,
        min(as_of.as_of_on) as last_on,
        min(as_of.as_of) as as_of
    from event_times
    cross join as_of

),

dates as (

    select
        {{ add_days_to_date('bounds.first_on', 'cast(numbers.generated_number as ' ~ dbt.type_int() ~ ') - 1') }}
            as date_on,
        bounds.as_of
    from numbers
    inner join bounds
        on numbers.generated_number <= {{ dbt.datediff('bounds.first_on', 'bounds.last_on', 'day') }} + 1

),

described as (

    select
        date_on,
        cast({{ dbt.date_trunc('week', 'date_on') }} as date) as week_start_on,
        cast({{ dbt.date_trunc('month', 'date_on') }} as date) as month_start_on,
        cast({{ dbt.date_trunc('quarter', 'date_on') }} as date) as quarter_start_on,
        cast({{ dbt.date_trunc('year', 'date_on') }} as date) as year_start_on,
        cast(
            {{ dbt.datediff("cast('2001-01-01' as date)", 'date_on', 'day') }}
            - 7 * floor(
                cast({{ dbt.datediff("cast('2001-01-01' as date)", 'date_on', 'day') }} as {{ type_double() }}) / 7
            ) + 1
            as {{ dbt.type_int() }}
        ) as iso_weekday,
        {{ start_of_business_date(dbt.dateadd('month', 1, dbt.date_trunc('month', 'date_on'))) }} <= as_of
            as is_month_complete
    from dates

)

select * from described
