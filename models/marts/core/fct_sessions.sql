{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

interactions as (

    select
        interactions.customer_id,
        interactions.interaction_id,
        interactions.interaction_type,
        interactions.campaign_id,
        interactions.channel,
        interactions.signal,
        interactions.funnel,
        interactions.funnel_step,
        interactions.occurred_at,
        touch_types.interaction_type is not null as is_attribution_touch
    from {{ ref('int_interactions') }} as interactions
    left join {{ ref('attribution_touch_types') }} as touch_types
        on interactions.interaction_type = touch_types.interaction_type
    where
        interactions.customer_id is not null and interactions.direction = 'inbound'
        and {{ touched() }}

),

spaced as (

    select
        *,
        lag(occurred_at) over (
            partition by customer_id order by occurred_at, {{ sortable('interaction_id') }}
        ) as previous_at
    from interactions

),

entered as (

    select
        *,
        previous_at is null
        or occurred_at > {{ add_minutes('previous_at', var('session_timeout_minutes')) }} as is_entrance
    from spaced

),

numbered as (

    select
        *,
        sum(case when is_entrance then 1 else 0 end) over (
            partition by customer_id order by occurred_at, {{ sortable('interaction_id') }}
            rows between unbounded preceding and current row
        ) as session_number
    from entered

),

-- A session has one entrance, so that the highest value of it is the value.
sessions as (

    select
        max(case when is_entrance then interaction_id end) as session_id,
        customer_id,
        cast(session_number as {{ dbt.type_bigint() }}) as session_number,
        max(case when is_entrance then coalesce(channel, 'unknown') end) as channel,
        max(case when is_entrance then campaign_id end) as campaign_id,
        cast(count(*) as {{ dbt.type_bigint() }}) as interactions,
        cast(max(case when funnel = 'shop' then funnel_step end) as {{ dbt.type_int() }}) as furthest_shop_step,
        max(case when signal in ('interest', 'intent') then 1 else 0 end) = 1 as has_consideration_signal,
        max(case when interaction_type = 'add_to_cart' then 1 else 0 end) = 1 as has_cart,
        max(case when is_attribution_touch then 1 else 0 end) = 1 as is_attribution_touch,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        {{ business_date('min(occurred_at)') }} as started_on
    from numbered
    group by customer_id, session_number

)

select * from sessions
