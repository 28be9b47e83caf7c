with

as_of as (

    select * from {{ ref('int_as_of') }}

),

-- Who has asked to be forgotten is reached by nothing, the request carried out or not.
consents as (

    select * from {{ ref('int_consents') }}
    where
        is_granted
        and contact_id not in (
            select erased.erased_id from {{ ref('int_erased_ids') }} as erased
            where erased.id_kind = 'customer'
        )

),

channels as (

    select * from {{ ref('contact_channels') }}

),

-- Of an account's contacts who consent, the first one known speaks for it.
granted as (

    select
        consents.customer_id,
        consents.contact_id,
        consents.channel,
        consents.recorded_at,
        channels.position,
        row_number() over (
            partition by consents.customer_id, consents.channel
            order by contacts.registered_at asc nulls last, {{ sortable('consents.contact_id') }} asc
        ) as place
    from consents
    inner join channels
        on consents.channel = channels.channel
    inner join {{ ref('customer_standings') }} as standings
        on
            consents.customer_id = standings.customer_id
            and {{ effort_place('channels.effort_level') }} <= {{ effort_place('standings.effort_level') }}
    left join {{ ref('dim_contacts') }} as contacts
        on consents.contact_id = contacts.contact_id

),

answers as (

    select
        days.customer_id,
        days.channel,
        sum(days.answers) as answers,
        max(case when days.answers > 0 then days.contacted_on end) as last_answered_on
    from {{ ref('int_contact_days') }} as days
    inner join as_of
        on days.contacted_on > {{ add_days_to_date('as_of.as_of_on', 0 - var('preferred_channel_days')) }}
    group by days.customer_id, days.channel

),

ranked as (

    select
        granted.customer_id,
        granted.channel,
        granted.contact_id,
        granted.recorded_at as consented_at,
        cast(coalesce(answers.answers, 0) as {{ dbt.type_bigint() }}) as answers,
        answers.last_answered_on,
        cast(
            row_number() over (
                partition by granted.customer_id
                order by
                    coalesce(answers.answers, 0) desc,
                    answers.last_answered_on desc nulls last,
                    granted.position asc
            ) as {{ dbt.type_int() }}
        ) as preference,
        as_of.as_of
    from granted
    cross join as_of
    left join answers
        on
            granted.customer_id = answers.customer_id
            and granted.channel = answers.channel
    where granted.place = 1

)

select * from ranked
