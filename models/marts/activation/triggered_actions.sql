{{ config(materialized='view') }}

with

standings as (

    select * from {{ ref('customer_standings') }}

),

playbook as (

    select * from {{ ref('int_playbook') }}

),

-- Every customer's occasions: the segment, the stage, and, who has churned, why.
occasions as (

    select
        customer_id,
        'segment' as playbook,
        segment as occasion
    from standings

    union all

    select
        customer_id,
        'stage' as playbook,
        stage as occasion
    from standings

    union all

    select
        customer_id,
        'winback' as playbook,
        churn_reason as occasion
    from standings
    where stage = 'churn'

),

triggered as (

    select
        standings.customer_id,
        standings.effort_level,
        standings.discount_rate,
        standings.offer_link,
        playbook.playbook,
        playbook.playbook_position,
        playbook.occasion,
        playbook.action_code,
        playbook.name_en,
        playbook.name_zh,
        playbook.channel,
        playbook.offer_type,
        playbook.priority,
        playbook.delay_days,
        case playbook.action_trigger
            when 'order' then {{ business_date('standings.last_order_at') }}
            when 'segment_entry' then {{ business_date('standings.segment_since_at') }}
            when 'stage_entry' then {{ business_date('standings.stage_since_at') }}
            when 'expected_order' then standings.expected_next_order_on
        end as triggered_on
    from occasions
    inner join standings
        on occasions.customer_id = standings.customer_id
    inner join playbook
        on
            occasions.playbook = playbook.playbook
            and occasions.occasion = playbook.occasion
            and (standings.value_tier = playbook.value_tier or playbook.value_tier is null)
            and (standings.stage_detail = playbook.stage_detail or playbook.stage_detail is null)

),

-- Advertising goes where there is consent; a service answers through its own channel. Both within the
-- effort that the customer is worth.
reached as (

    select
        triggered.*,
        reachable.channel as reached_channel
    from triggered
    inner join {{ ref('reachable_channels') }} as reachable
        on
            triggered.customer_id = reachable.customer_id
            and (
                triggered.channel = reachable.channel
                or (triggered.channel is null and reachable.preference = 1)
            )
    where triggered.offer_type != 'service'

    union all

    select
        triggered.*,
        triggered.channel as reached_channel
    from triggered
    inner join {{ ref('contact_channels') }} as channels
        on
            triggered.channel = channels.channel
            and {{ effort_place('channels.effort_level') }} <= {{ effort_place('triggered.effort_level') }}
    where triggered.offer_type = 'service'

),

described as (

    select
        customer_id,
        playbook,
        playbook_position,
        occasion,
        action_code,
        name_en as action_name_en,
        name_zh as action_name_zh,
        offer_type,
        reached_channel as channel,
        case when offer_type = 'discount' then discount_rate end as discount_rate,
        case when offer_type = 'discount' then offer_link end as offer_link,
        effort_level,
        cast(priority as {{ dbt.type_int() }}) as priority,
        triggered_on,
        {{ add_days_to_date('triggered_on', 'delay_days') }} as due_on
    from reached
    where triggered_on is not null

)

select * from described
