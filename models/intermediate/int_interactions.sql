{{ config(
    materialized='incremental',
    touched_when=[
        ['interaction_id', 'rows of interactions'],
        ['contact_id', 'contacts'],
        ['anonymous_id', 'devices'],
    ]
) }}

with

interactions as (

    select * from {{ ref('stg_interactions') }}
    where
        {{ is_touched('interaction_id', 'rows of interactions') }}
        or {{ is_touched('customer_id', 'contacts') }}
        or {{ is_touched('anonymous_id', 'devices') }}

),

contacts as (

    select * from {{ ref('int_contacts') }}

),

devices as (

    select * from {{ ref('int_identities') }}
    where source_kind = 'anonymous'

),

types as (

    select * from {{ ref('interaction_types') }}

),

-- A known customer comes first; an anonymous id belongs to whoever is logged in at that time.
resolved as (

    select
        interactions.interaction_id,
        coalesce(contacts.customer_id, devices.customer_id) as customer_id,
        interactions.customer_id as contact_id,
        interactions.anonymous_id,
        interactions.campaign_id,
        interactions.product_id,
        interactions.order_id,
        interactions.ticket_id,
        interactions.interaction_type,
        types.interaction_type is not null as is_mapped_type,
        coalesce(types.direction, 'inbound') as direction,
        case
            when types.direction = 'outbound' and types.signal in ('interest', 'intent') then 'none'
            else coalesce(types.signal, 'none')
        end as signal,
        types.funnel,
        types.step as funnel_step,
        types.counts_as,
        types.cost_per_contact as contact_cost_amount,
        interactions.channel,
        interactions.utm_source,
        interactions.utm_medium,
        interactions.utm_campaign,
        interactions.amount,
        interactions.currency,
        interactions.occurred_at,
        {{ business_date('interactions.occurred_at') }} as occurred_on
    from interactions
    left join contacts
        on interactions.customer_id = contacts.contact_id
    left join devices
        on
            interactions.anonymous_id = devices.source_id
            and interactions.customer_id is null
            and interactions.occurred_at >= devices.valid_from
            and (interactions.occurred_at < devices.valid_to or devices.valid_to is null)
    left join types
        on interactions.interaction_type = types.interaction_type

)

select * from resolved
