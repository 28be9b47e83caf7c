{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

customers as (

    select * from {{ ref('int_customers') }}
    where {{ touched() }}

),

contacts as (

    select * from {{ ref('int_contacts') }}
    where {{ touched() }}

),

referrers as (

    select
        contact_id,
        customer_id
    from {{ ref('int_contacts') }}

),

sources as (

    select * from {{ ref('stg_customers') }}

),

accounts as (

    select * from {{ ref('stg_accounts') }}

),

-- The contact that speaks for a customer: the surviving id of a person, the first of an account.
speakers as (

    select
        contacts.customer_id,
        contacts.contact_id,
        contacts.is_inferred,
        sources.account_id,
        sources.country,
        sources.region,
        sources.acquisition_channel,
        sources.referrer_customer_id,
        row_number() over (
            partition by contacts.customer_id
            order by
                case when contacts.contact_id = contacts.root_contact_id then 0 else 1 end,
                sources.registered_at asc nulls last,
                {{ sortable('contacts.contact_id') }} asc
        ) as precedence
    from contacts
    left join sources
        on contacts.contact_id = sources.customer_id

),

contact_totals as (

    select
        contacts.customer_id,
        count(*) as contacts,
        min(sources.registered_at) as registered_at
    from contacts
    left join sources
        on contacts.contact_id = sources.customer_id
    group by contacts.customer_id

),

purchases as (

    select
        customer_id,
        min(purchased_at) as first_order_at,
        max(purchased_at) as last_order_at,
        sum(orders) as orders,
        sum(net_amount) as net_amount
    from {{ ref('int_purchase_moments') }}
    where {{ touched() }}
    group by customer_id

),

first_touches as (

    select
        customer_id,
        min(occurred_at) as first_touch_at
    from {{ ref('int_customer_events') }}
    where
        direction is not null
        and {{ touched() }}
    group by customer_id

),

-- A touch after the first order did not bring the customer.
first_channels as (

    select
        first_touches.customer_id,
        min({{ sortable('interactions.channel') }}) as channel
    from first_touches
    inner join {{ ref('int_interactions') }} as interactions
        on
            first_touches.customer_id = interactions.customer_id
            and first_touches.first_touch_at = interactions.occurred_at
    left join purchases
        on first_touches.customer_id = purchases.customer_id
    where purchases.first_order_at is null or first_touches.first_touch_at <= purchases.first_order_at
    group by first_touches.customer_id

),

described as (

    select
        customers.customer_id,
        customers.customer_kind,
        customers.customer_type,
        purchases.customer_id is not null as is_buyer,
        coalesce(speakers.is_inferred, false) as is_inferred,
        customers.is_shared_device,
        cast(coalesce(contact_totals.contacts, 0) as {{ dbt.type_bigint() }}) as contacts,
        speakers.country,
        speakers.region,
        accounts.industry,
        accounts.employee_count,
        coalesce(speakers.acquisition_channel, first_channels.channel, 'unknown') as acquisition_channel,
        referrers.customer_id as referrer_customer_id,
        contact_totals.registered_at,
        first_touches.first_touch_at,
        purchases.first_order_at,
        purchases.last_order_at,
        cast(coalesce(purchases.orders, 0) as {{ dbt.type_bigint() }}) as orders,
        {{ as_total('coalesce(purchases.net_amount, 0)') }} as net_amount
    from customers
    left join speakers
        on
            customers.customer_id = speakers.customer_id
            and speakers.precedence = 1
    left join accounts
        on
            speakers.account_id = accounts.account_id
            and customers.customer_kind = 'account'
    left join contact_totals
        on customers.customer_id = contact_totals.customer_id
    left join first_touches
        on customers.customer_id = first_touches.customer_id
    left join first_channels
        on customers.customer_id = first_channels.customer_id
    left join purchases
        on customers.customer_id = purchases.customer_id
    left join referrers
        on speakers.referrer_customer_id = referrers.contact_id

)

select * from described
