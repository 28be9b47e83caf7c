{{ config(materialized='view') }}

with

contacts as (

    select * from {{ ref('int_contacts') }}

),

orders as (

    select
        customer_id,
        ordered_at as occurred_at,
        1 as kind_rank,
        'order' as event_kind,
        order_id as event_id,
        cast(null as {{ dbt.type_string() }}) as direction,
        'none' as signal,
        net_amount as amount
    from {{ ref('int_orders') }}
    where is_valid_order and not is_guest

),

-- A return for quality tells of dissatisfaction; any other refund says nothing about the stage.
refunds as (

    select
        coalesce(orders.customer_id, contacts.customer_id) as customer_id,
        refunds.refunded_at as occurred_at,
        2 as kind_rank,
        'refund' as event_kind,
        refunds.refund_id as event_id,
        case
            when reasons.is_quality or reasons.is_dissatisfaction then 'inbound'
        end as direction,
        case
            when reasons.is_quality or reasons.is_dissatisfaction then 'dissatisfaction' else 'none'
        end as signal,
        {{ in_reporting_currency('refunds.amount', 'coalesce(orders.rate_to_reporting, 1)') }} as amount
    from {{ ref('stg_refunds') }} as refunds
    left join {{ ref('int_orders') }} as orders
        on refunds.order_id = orders.order_id
    left join contacts
        on
            refunds.customer_id = contacts.contact_id
            and refunds.order_id is null
    left join {{ ref('reasons') }} as reasons
        on refunds.reason = reasons.reason
    where coalesce(orders.customer_id, contacts.customer_id) is not null

),

tickets as (

    select
        contacts.customer_id,
        tickets.opened_at as occurred_at,
        3 as kind_rank,
        'ticket' as event_kind,
        tickets.ticket_id as event_id,
        'inbound' as direction,
        case when tickets.is_complaint then 'dissatisfaction' else 'none' end as signal,
        cast(null as decimal(18, 4)) as amount
    from {{ ref('stg_tickets') }} as tickets
    inner join contacts
        on tickets.customer_id = contacts.contact_id

),

feedback as (

    select
        contacts.customer_id,
        feedback.responded_at as occurred_at,
        4 as kind_rank,
        'feedback' as event_kind,
        feedback.feedback_id as event_id,
        'inbound' as direction,
        case
            when feedback.score < surveys.low_below then 'dissatisfaction'
            when feedback.score >= surveys.promoter_from then 'advocacy'
            else 'none'
        end as signal,
        cast(null as decimal(18, 4)) as amount
    from {{ ref('stg_feedback') }} as feedback
    inner join contacts
        on feedback.customer_id = contacts.contact_id
    left join {{ ref('survey_types') }} as surveys
        on feedback.survey_type = surveys.survey_type

),

interactions as (

    select
        customer_id,
        occurred_at,
        5 as kind_rank,
        'interaction' as event_kind,
        interaction_id as event_id,
        direction,
        signal,
        cast(null as decimal(18, 4)) as amount
    from {{ ref('int_interactions') }}
    where customer_id is not null

),

registrations as (

    select
        contacts.customer_id,
        customers.registered_at as occurred_at,
        6 as kind_rank,
        'registration' as event_kind,
        customers.customer_id as event_id,
        'inbound' as direction,
        'interest' as signal,
        cast(null as decimal(18, 4)) as amount
    from {{ ref('stg_customers') }} as customers
    inner join contacts
        on customers.customer_id = contacts.contact_id
    where customers.registered_at is not null

),

events as (

    select * from orders
    union all
    select * from refunds
    union all
    select * from tickets
    union all
    select * from feedback
    union all
    select * from interactions
    union all
    select * from registrations

)

select * from events
