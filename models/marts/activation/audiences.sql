with

as_of as (

    select * from {{ ref('int_as_of') }}

),

rules as (

    select * from {{ ref('audience_rules') }}

),

standings as (

    select * from {{ ref('customer_standings') }}

),

-- Contacts, and exports that are not known as contacts yet. Whoever is held out in one counts as well:
-- contacted from elsewhere, the two arms would no longer be alike.
recent as (

    select
        customer_id,
        contacted_on,
        contacts,
        0 as exports
    from {{ ref('int_contact_days') }}
    where contacts > 0

    union all

    select
        customer_id,
        exported_on as contacted_on,
        0 as contacts,
        1 as exports
    from {{ ref('int_exported_customers') }}

),

actions as (

    select distinct
        action_code,
        name_en,
        name_zh,
        offer_type
    from {{ ref('int_playbook') }}

),

-- Who fits, and can be reached.
fitting as (

    select
        rules.*,
        standings.customer_id,
        standings.stage as current_stage,
        standings.stage_since_at,
        standings.segment as current_segment,
        standings.segment_since_at,
        standings.next_stage_at,
        standings.discount_rate,
        standings.offer_link,
        channels.contact_id,
        channels.channel as contact_channel
    from rules
    inner join standings
        on
            (standings.stage = rules.stage or rules.stage is null)
            and (standings.stage_detail = rules.stage_detail or rules.stage_detail is null)
            and (standings.segment = rules.segment or rules.segment is null)
            and (standings.value_tier = rules.value_tier or rules.value_tier is null)
            and (standings.decline_step >= rules.min_decline_step or rules.min_decline_step is null)
            and (
                rules.next_stage is null
                or (
                    standings.next_stage = rules.next_stage
                    and standings.next_stage_at < {{ add_days('standings.as_of', 'rules.next_stage_within_days') }}
                )
            )
    inner join {{ ref('reachable_channels') }} as channels
        on
            standings.customer_id = channels.customer_id
            and (rules.channel = channels.channel or (rules.channel is null and channels.preference = 1))

),

contacted as (

    select
        fitting.audience,
        fitting.customer_id,
        sum(recent.contacts) as contacts,
        sum(recent.exports) as exports
    from fitting
    cross join as_of
    inner join recent
        on
            fitting.customer_id = recent.customer_id
            and recent.contacted_on > {{ add_days_to_date('as_of.as_of_on', '-fitting.frequency_cap_days') }}
    group by fitting.audience, fitting.customer_id

),

-- Each customer is in one audience: the first that the rules name.
chosen as (

    select
        fitting.*,
        coalesce(contacted.contacts, 0) as recent_contacts,
        {{ split_hash('fitting.customer_id', 'fitting.audience') }} as split_hash,
        row_number() over (partition by fitting.customer_id order by fitting.priority) as place
    from fitting
    left join contacted
        on
            fitting.audience = contacted.audience
            and fitting.customer_id = contacted.customer_id
    where
        coalesce(contacted.contacts, 0) < fitting.frequency_cap
        and coalesce(contacted.exports, 0) = 0

),

described as (

    select
        chosen.audience,
        chosen.customer_id,
        chosen.contact_id,
        chosen.contact_channel as channel,
        chosen.action_code,
        actions.name_en as action_name_en,
        actions.name_zh as action_name_zh,
        actions.offer_type,
        case when actions.offer_type = 'discount' then chosen.discount_rate end as discount_rate,
        case when actions.offer_type = 'discount' then chosen.offer_link end as offer_link,
        {{ audience_reason() }} as reason,
        {{ share_of_hash('chosen.split_hash') }} < chosen.holdout_share as is_held_out,
        cast(chosen.recent_contacts as {{ dbt.type_bigint() }}) as recent_contacts,
        {{ add_days_to_date('as_of.as_of_on', 'chosen.expires_after_days') }} as expires_on,
        as_of.as_of
    from chosen
    cross join as_of
    inner join actions
        on chosen.action_code = actions.action_code
    where chosen.place = 1

)

select * from described
