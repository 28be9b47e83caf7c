with

as_of as (

    select * from {{ ref('int_as_of') }}

),

contacts as (

    select * from {{ ref('int_contacts') }}

),

unsubscriptions as (

    select * from {{ ref('int_contact_days') }}
    where unsubscribed_at is not null

),

-- Whoever unsubscribes withdraws; where it is not known which of an account's contacts did, all do.
told as (

    select
        contacts.customer_id,
        contacts.root_contact_id,
        consents.channel,
        consents.is_granted,
        consents.recorded_at
    from {{ ref('stg_consents') }} as consents
    inner join contacts
        on consents.customer_id = contacts.contact_id

    union all

    select
        contacts.customer_id,
        contacts.root_contact_id,
        unsubscriptions.channel,
        false as is_granted,
        unsubscriptions.unsubscribed_at as recorded_at
    from unsubscriptions
    inner join contacts
        on unsubscriptions.contact_id = contacts.contact_id

    union all

    select
        contacts.customer_id,
        contacts.root_contact_id,
        unsubscriptions.channel,
        false as is_granted,
        unsubscriptions.unsubscribed_at as recorded_at
    from unsubscriptions
    inner join contacts
        on
            unsubscriptions.customer_id = contacts.customer_id
            and unsubscriptions.contact_id is null

),

ranked as (

    select
        told.*,
        row_number() over (
            partition by told.root_contact_id, told.channel
            order by told.recorded_at desc, case when told.is_granted then 1 else 0 end
        ) as recency
    from told
    inner join as_of
        on told.recorded_at < as_of.as_of

),

latest as (

    select
        customer_id,
        root_contact_id as contact_id,
        channel,
        is_granted,
        recorded_at
    from ranked
    where recency = 1

)

select * from latest
