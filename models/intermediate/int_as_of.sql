with

event_times as (

    {{ event_times('max') }}

),

last_day as (

    select {{ business_date('max(event_at)') }} as latest_on from event_times

),

-- What is asked for; else the end of the latest day. With no event, nothing is known at any time.
chosen as (

    select
        coalesce(
            {{ as_of_literal() or 'cast(null as ' ~ dbt.type_timestamp() ~ ')' }},
            {{ start_of_business_date(add_days_to_date('latest_on', 1)) }},
            cast('1900-01-01' as {{ dbt.type_timestamp() }})
        ) as as_of
    from last_day

),

described as (

    select
        as_of,
        {{ business_date("as_of - interval '1' second") }} as as_of_on
    from chosen

)

select * from described
