{%- set given = as_of_literal() -%}

with

{% if given -%}
latest as (

    select {{ given }} as as_of

),
{%- else -%}
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

-- With no event at all, nothing is known at any time.
latest as (

    select
        coalesce(
            {{ start_of_business_date(add_days_to_date('latest_on', 1)) }},
            cast('1900-01-01' as {{ dbt.type_timestamp() }})
        ) as as_of
    from last_day

),
{%- endif %}

described as (

    select
        as_of,
        {{ business_date("as_of - interval '1' second") }} as as_of_on
    from latest

)

select * from described
