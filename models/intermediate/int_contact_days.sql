{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

interactions as (

    select
        customer_id,
        contact_id,
        channel,
        direction,
        signal,
        coalesce(counts_as = 'opt_out', false) as is_unsubscription,
        occurred_at,
        occurred_on
    from {{ ref('int_interactions') }}
    where
        customer_id is not null
        and {{ touched() }}

),

channels as (

    select * from {{ ref('contact_channels') }}

),

-- Who complains or unsubscribes speaks through a channel, but does not answer in it.
counted as (

    select
        interactions.customer_id,
        interactions.contact_id,
        interactions.channel,
        interactions.occurred_on as contacted_on,
        sum(case when interactions.direction = 'outbound' then 1 else 0 end) as contacts,
        sum(
            case
                when
                    interactions.direction = 'inbound'
                    and interactions.signal != 'dissatisfaction'
                    and not interactions.is_unsubscription
                    then 1
                else 0
            end
        ) as answers,
        max(case when interactions.is_unsubscription then interactions.occurred_at end) as unsubscribed_at
    from interactions
    inner join channels
        on interactions.channel = channels.channel
    group by interactions.customer_id, interactions.contact_id, interactions.channel, interactions.occurred_on

)

select * from counted
