with

as_of as (

    select * from {{ ref('int_as_of') }}

),

actions as (

    select * from {{ ref('triggered_actions') }}

),

results as (

    select * from {{ ref('action_results') }}

),

-- What was exported since its trigger is done, or held out.
done as (

    select
        customer_id,
        action_code,
        max(exported_on) as exported_on
    from {{ ref('int_exported_customers') }}
    group by customer_id, action_code

),

-- An action may stand in several playbooks: the first of them has it.
scored as (

    select
        actions.*,
        coalesce(own.weight_ratio, offers.weight_ratio, 1) as weight_ratio,
        case
            when own.weight_ratio is not null then 'action'
            when offers.weight_ratio is not null then 'offer'
            else 'none'
        end as weighed_by,
        row_number() over (
            partition by actions.customer_id, actions.action_code
            order by actions.playbook_position, actions.priority
        ) as place
    from actions
    left join done
        on
            actions.customer_id = done.customer_id
            and actions.action_code = done.action_code
            and actions.triggered_on <= done.exported_on
    left join results as own
        on
            actions.action_code = own.action_code
            and own.evidence_kind = 'action'
    left join results as offers
        on
            actions.offer_type = offers.offer_type
            and actions.channel = offers.channel
            and offers.evidence_kind = 'offer'
    where done.customer_id is null

),

ranked as (

    select
        scored.customer_id,
        cast(
            row_number() over (
                partition by scored.customer_id
                order by
                    case when scored.due_on <= as_of.as_of_on then 0 else 1 end,
                    scored.weight_ratio desc,
                    scored.priority asc,
                    scored.playbook_position asc,
                    {{ sortable('scored.action_code') }} asc
            ) as {{ dbt.type_int() }}
        ) as action_rank,
        scored.playbook,
        scored.occasion,
        scored.action_code,
        scored.action_name_en,
        scored.action_name_zh,
        scored.offer_type,
        scored.channel,
        scored.discount_rate,
        scored.offer_link,
        scored.effort_level,
        scored.triggered_on,
        scored.due_on,
        scored.due_on <= as_of.as_of_on as is_due,
        cast(scored.weight_ratio as decimal(18, 6)) as weight_ratio,
        scored.weighed_by,
        as_of.as_of
    from scored
    cross join as_of
    where scored.place = 1

)

select * from ranked
