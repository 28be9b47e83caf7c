{{ config(materialized='view') }}

with

interactions as (

    select * from {{ ref('int_interactions') }}

),

channels as (

    select * from {{ ref('channels') }}

),

described as (

    select
        interactions.interaction_id,
        interactions.customer_id,
        interactions.contact_id,
        interactions.anonymous_id,
        interactions.campaign_id,
        interactions.product_id,
        interactions.order_id,
        interactions.ticket_id,
        case when interactions.is_mapped_type then interactions.interaction_type else 'unknown' end
            as interaction_type,
        interactions.direction,
        interactions.signal,
        interactions.funnel,
        cast(interactions.funnel_step as {{ dbt.type_int() }}) as funnel_step,
        coalesce(channels.channel, 'unknown') as channel,
        coalesce(channels.channel_group, 'unknown') as channel_group,
        interactions.utm_source,
        interactions.utm_medium,
        interactions.utm_campaign,
        {{ to_money('interactions.contact_cost_amount') }} as contact_cost_amount,
        interactions.amount as interaction_value,
        interactions.currency as interaction_currency,
        interactions.occurred_at,
        interactions.occurred_on
    from interactions
    left join channels
        on interactions.channel = channels.channel

)

select * from described
