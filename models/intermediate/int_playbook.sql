{#- What playbooks and audiences say of each other is checked before either is used. -#}
{{ after('audience_rules') }}
{{- after('contact_channels') }}
{{- after('channels') }}
{{- after('segments') }}
with

segment_actions as (

    select * from {{ ref('segment_playbook') }}

),

stage_actions as (

    select * from {{ ref('stage_playbook') }}
    where is_addressed

),

plans as (

    select * from {{ ref('winback_plans') }}

),

-- What is known of why a customer left comes before what is done for everybody alike.
actions as (

    select
        'winback' as playbook,
        1 as playbook_position,
        churn_reason as occasion,
        value_tier,
        cast(null as {{ dbt.type_string() }}) as stage_detail,
        action_code,
        name_en,
        name_zh,
        'stage_entry' as action_trigger,
        delay_days,
        channel,
        offer_type,
        1 as priority
    from plans

    union all

    select
        'segment' as playbook,
        2 as playbook_position,
        segment as occasion,
        cast(null as {{ dbt.type_string() }}) as value_tier,
        cast(null as {{ dbt.type_string() }}) as stage_detail,
        action_code,
        name_en,
        name_zh,
        trigger as action_trigger,
        delay_days,
        channel,
        offer_type,
        priority
    from segment_actions

    union all

    select
        'stage' as playbook,
        3 as playbook_position,
        stage as occasion,
        cast(null as {{ dbt.type_string() }}) as value_tier,
        stage_detail,
        action_code,
        name_en,
        name_zh,
        trigger as action_trigger,
        delay_days,
        channel,
        offer_type,
        priority
    from stage_actions

)

select * from actions
