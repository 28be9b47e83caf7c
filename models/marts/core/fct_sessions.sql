{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

interactions as (

    select
        customer_id,
        interaction_id,
        interaction_type,
        campaign_id,
        channel,
        signal,
        funnel,
        funnel_step,
        occurred_at
    from {{ ref('int_interactions') }}
    where
        customer_id is not null and direction = 'inbound'
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

numbered as (

    select
        *,
        sum(
            case
                when previous_at is null then 1
                when occurred_at > {{ add_minutes('previous_at', var('session_timeout_minutes')) }} then 1
                else 0
            end
        ) over (
            partition by customer_id order by occurred_at, {{ sortable('interaction_id') }}
            rows between unbounded preceding and current row
        ) as session_number
    from spaced

),

entrances as (

    select
        customer_id,
        session_number,
        interaction_id as session_id,
        coalesce(channel, 'unknown') as channel,
        campaign_id
    from numbered
    where
        previous_at is null
        or occurred_at > {{ add_minutes('previous_at', var('session_timeout_minutes')) }}

),

totals as (

    select
        customer_id,
        session_number,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        count(*) as interactions,
        max(case when funnel = 'shop' then funnel_step end) as furthest_shop_step,
        max(case when signal in ('interest', 'intent') then 1 else 0 end) = 1 as has_consideration_signal,
        max(case when interaction_type = 'add_to_cart' then 1 else 0 end) = 1 as has_cart
    from numbered
    group by customer_id, session_number

),

sessions as (

    select
        entrances.session_id,
        entrances.customer_id,
        cast(entrances.session_number as {{ dbt.type_bigint() }}) as session_number,
        entrances.channel,
        entrances.campaign_id,
        cast(totals.interactions as {{ dbt.type_bigint() }}) as interactions,
        cast(totals.furthest_shop_step as {{ dbt.type_int() }}) as furthest_shop_step,
        totals.has_consideration_signal,
        totals.has_cart,
        totals.started_at,
        totals.ended_at,
        {{ business_date('totals.started_at') }} as started_on
    from entrances
    inner join totals
        on
            entrances.customer_id = totals.customer_id
            and entrances.session_number = totals.session_number

)

select * from sessions
