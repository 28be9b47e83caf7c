{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

contacts as (

    select
        customer_id,
        interaction_id,
        interaction_type,
        campaign_id,
        channel,
        contact_cost_amount,
        occurred_at
    from {{ ref('fct_interactions') }}
    where
        direction = 'outbound' and customer_id is not null
        and {{ touched() }}

),

spans as (

    select * from {{ ref('lifecycle_spans') }}
    where
        stage in ('decline', 'churn')
        and {{ touched() }}

),

-- Whom the company went to while the customer was going, or gone.
matched as (

    select
        contacts.interaction_id,
        contacts.customer_id,
        spans.stage,
        spans.span_number,
        contacts.interaction_type,
        contacts.campaign_id,
        contacts.channel,
        contacts.contact_cost_amount,
        contacts.occurred_at
    from contacts
    inner join spans
        on
            contacts.customer_id = spans.customer_id
            and contacts.occurred_at >= spans.valid_from
            and (contacts.occurred_at < spans.valid_to or spans.valid_to is null)

)

select * from matched
