{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'buyers and voices']]
) }}

with

contacts as (

    select
        contact_id,
        customer_id
    from {{ ref('int_contacts') }}
    where {{ touched() }}

),

customers as (

    select * from {{ ref('int_customers') }}

),

channels as (

    select * from {{ ref('channels') }}

),

resolved as (

    select
        tickets.ticket_id,
        contacts.customer_id,
        customers.customer_type,
        coalesce(channels.channel, 'unknown') as channel,
        tickets.topic,
        tickets.handover_count,
        tickets.is_complaint,
        case
            when tickets.first_response_at >= tickets.opened_at
                then {{ dbt.datediff('tickets.opened_at', 'tickets.first_response_at', 'second') }}
        end as response_seconds,
        case
            when tickets.resolved_at >= tickets.opened_at
                then {{ dbt.datediff('tickets.opened_at', 'tickets.resolved_at', 'second') }}
        end as resolution_seconds,
        tickets.opened_at,
        tickets.resolved_at
    from {{ ref('stg_tickets') }} as tickets
    inner join contacts
        on tickets.customer_id = contacts.contact_id
    inner join customers
        on contacts.customer_id = customers.customer_id
    left join channels
        on tickets.channel = channels.channel

),

neighbours as (

    select
        *,
        lag(opened_at) over contacts_of_customer as previous_opened_at,
        lead(opened_at) over contacts_of_customer as next_opened_at
    from resolved
    window contacts_of_customer as (
        partition by customer_id order by opened_at, {{ sortable('ticket_id') }}
    )

),

described as (

    select
        ticket_id,
        customer_id,
        customer_type,
        channel,
        topic,
        handover_count,
        is_complaint,
        coalesce(opened_at <= {{ add_days('previous_opened_at', var('repeat_contact_days')) }}, false)
            as is_repeat,
        coalesce(next_opened_at <= {{ add_days('opened_at', var('repeat_contact_days')) }}, false)
            as is_repeated,
        cast(response_seconds as {{ dbt.type_bigint() }}) as response_seconds,
        cast(resolution_seconds as {{ dbt.type_bigint() }}) as resolution_seconds,
        opened_at,
        {{ business_date('opened_at') }} as opened_on,
        resolved_at,
        {{ business_date('resolved_at') }} as resolved_on
    from neighbours

)

select * from described
