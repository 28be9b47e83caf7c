-- Proves that who is in an audience has said yes last, through whichever of the person's ids, and has not
-- unsubscribed since; and that nothing is advertised to a customer through a channel without a yes.
with

as_of as (

    select * from {{ ref('int_as_of') }}

),

contacts as (

    select * from {{ ref('int_contacts') }}

),

words as (

    select
        contacts.root_contact_id,
        consents.channel,
        max(case when consents.is_granted then consents.recorded_at end) as granted_at,
        max(case when not consents.is_granted then consents.recorded_at end) as withdrawn_at
    from {{ ref('stg_consents') }} as consents
    inner join contacts
        on consents.customer_id = contacts.contact_id
    cross join as_of
    where consents.recorded_at < as_of.as_of
    group by contacts.root_contact_id, consents.channel

),

unsubscribed as (

    select
        contacts.root_contact_id,
        touches.channel,
        max(touches.occurred_at) as unsubscribed_at
    from {{ ref('int_interactions') }} as touches
    inner join contacts
        on touches.contact_id = contacts.contact_id
    where touches.counts_as = 'opt_out'
    group by contacts.root_contact_id, touches.channel

),

granted as (

    select
        words.root_contact_id,
        words.channel
    from words
    left join unsubscribed
        on
            words.root_contact_id = unsubscribed.root_contact_id
            and words.channel = unsubscribed.channel
    where
        words.granted_at > coalesce(words.withdrawn_at, {{ start_of_time() }})
        and words.granted_at > coalesce(unsubscribed.unsubscribed_at, {{ start_of_time() }})

),

broken as (

    select
        audiences.customer_id,
        audiences.channel,
        audiences.audience as found_in
    from {{ ref('audiences') }} as audiences
    left join granted
        on
            audiences.contact_id = granted.root_contact_id
            and audiences.channel = granted.channel
    where granted.channel is null

    union all

    select
        actions.customer_id,
        actions.channel,
        actions.action_code as found_in
    from {{ ref('next_best_actions') }} as actions
    where
        actions.offer_type != 'service'
        and not exists (
            select 1
            from granted
            inner join contacts
                on granted.root_contact_id = contacts.contact_id
            where
                contacts.customer_id = actions.customer_id
                and granted.channel = actions.channel
        )

)

select * from broken
