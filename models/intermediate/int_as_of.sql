with

event_times as (

    select max(ordered_at) as latest_at from {{ ref('stg_orders') }}
    union all
    select max(refunded_at) as latest_at from {{ ref('stg_refunds') }}
    union all
    select max(occurred_at) as latest_at from {{ ref('stg_interactions') }}
    union all
    select max(responded_at) as latest_at from {{ ref('stg_feedback') }}
    union all
    select max(opened_at) as latest_at from {{ ref('stg_tickets') }}
    union all
    select max(registered_at) as latest_at from {{ ref('stg_customers') }}

),

last_day as (

    select {{ business_date('max(latest_at)') }} as latest_on from event_times

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
