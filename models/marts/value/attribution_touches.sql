{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

channels as (

    select
        channel,
        {{ var('attribution_by') }} as attributed_channel,
        channel_group = 'direct' as is_direct
    from {{ ref('channels') }}

),

moments as (

    select
        customer_id,
        moment_number,
        net_amount,
        purchased_at,
        purchased_on
    from {{ ref('int_purchase_moments') }}
    where {{ touched() }}

),

sessions as (

    select
        customer_id,
        session_id as touch_id,
        channel,
        started_at as touched_at
    from {{ ref('fct_sessions') }}
    where is_attribution_touch and {{ touched() }}

),

contacts as (

    select
        customer_id,
        interaction_id as touch_id,
        channel,
        occurred_at as touched_at
    from {{ ref('int_interactions') }}
    where
        direction = 'outbound' and customer_id is not null
        and interaction_type in (select types.interaction_type from {{ ref('attribution_touch_types') }} as types)
        and {{ touched() }}

),

-- A life in order: what somebody met, and what they bought.
steps as (

    select
        customer_id,
        touch_id,
        channel,
        touched_at as step_at,
        0 as purchases
    from sessions

    union all

    select
        customer_id,
        touch_id,
        channel,
        touched_at as step_at,
        0 as purchases
    from contacts

    union all

    select
        customer_id,
        cast(null as {{ dbt.type_string() }}) as touch_id,
        cast(null as {{ dbt.type_string() }}) as channel,
        purchased_at as step_at,
        1 as purchases
    from moments

),

-- A touch belongs to the next purchase. One at the very instant of a purchase led to it.
numbered as (

    select
        *,
        1 + coalesce(
            sum(purchases) over (
                partition by customer_id order by step_at, purchases
                rows between unbounded preceding and 1 preceding
            ), 0
        ) as moment_number
    from steps

),

answered as (

    select
        numbered.customer_id,
        numbered.moment_number,
        rules.conversion_kind,
        numbered.touch_id,
        coalesce(channels.attributed_channel, 'unknown') as channel,
        numbered.purchases,
        numbered.touch_id is not null and not (coalesce(channels.is_direct, false) and not rules.direct_counts)
            as is_counted,
        coalesce(moments.purchased_at <= {{ add_days('numbered.step_at', 'rules.lookback_days') }}, false)
            as is_converted,
        -- Held within what a power of a half can be.
        least(
            cast({{ dbt.datediff('numbered.step_at', 'moments.purchased_at', 'second') }} as {{ type_double() }})
            / (86400 * cast(rules.half_life_days as {{ type_double() }})), 1000
        ) as half_lives,
        cast(rules.first_share as {{ type_double() }}) as first_share,
        cast(rules.last_share as {{ type_double() }}) as last_share,
        moments.net_amount,
        numbered.step_at,
        {{ add_days('numbered.step_at', 'rules.lookback_days') }} as expires_at,
        moments.purchased_at,
        moments.purchased_on
    from numbered
    inner join {{ ref('int_customers') }} as customers
        on numbered.customer_id = customers.customer_id
    inner join {{ ref('attribution_rules') }} as rules
        on
            customers.customer_type = rules.customer_type
            and rules.conversion_kind = case when numbered.moment_number = 1 then 'new' else 'repeat' end
    left join channels
        on numbered.channel = channels.channel
    left join moments
        on
            numbered.customer_id = moments.customer_id
            and numbered.moment_number = moments.moment_number

),

-- The own door, where it does not count, does so only on a path that has nothing else.
weighed as (

    select
        *,
        max(case when is_counted then 1 else 0 end) over (
            partition by customer_id, moment_number, is_converted
        ) as has_counted
    from answered

),

placed as (

    select
        *,
        row_number() over path as place,
        count(touch_id) over whole_path as touches,
        lag(channel) over path as previous_channel,
        power(0.5, half_lives) as decay_weight,
        sum(case when touch_id is not null then power(0.5, half_lives) end) over whole_path as path_decay_weight,
        case
            when touch_id is not null and row_number() over (
                partition by customer_id, moment_number, is_converted, channel
                order by step_at, purchases, {{ sortable('touch_id') }}
            ) = 1 then 1
            else 0
        end as is_channel_new
    from weighed
    where touch_id is null or is_counted or has_counted = 0
    window
        path as (
            partition by customer_id, moment_number, is_converted
            order by step_at, purchases, {{ sortable('touch_id') }}
        ),
        whole_path as (
            partition by customer_id, moment_number, is_converted
            order by step_at, purchases, {{ sortable('touch_id') }}
            rows between unbounded preceding and unbounded following
        )

),

-- A purchase that nothing led to is a row of its own, so that no purchase is lost.
paths as (

    select
        *,
        cast(greatest(touches, 1) as {{ type_double() }}) as places,
        sum(is_channel_new) over (partition by customer_id, moment_number, is_converted) as path_channels
    from placed
    where touch_id is not null or touches = 0

),

described as (

    select
        customer_id,
        cast(moment_number as {{ dbt.type_bigint() }}) as moment_number,
        conversion_kind,
        touch_id,
        channel,
        previous_channel,
        cast(case when touches > 0 then place end as {{ dbt.type_bigint() }}) as touch_number,
        cast(touches as {{ dbt.type_bigint() }}) as touches,
        is_converted,
        {{ to_credit('case when place = 1 then 1 else 0 end') }} as first_touch_credit,
        {{ to_credit('case when place = places then 1 else 0 end') }} as last_touch_credit,
        {{ to_credit('1 / places') }} as linear_credit,
        {{ to_credit(
            'case'
            ~ ' when places = 1 then 1'
            ~ ' when places = 2 then case when place = 1 then first_share else last_share end / (first_share + last_share)'
            ~ ' when place = 1 then first_share'
            ~ ' when place = places then last_share'
            ~ ' else (1 - first_share - last_share) / (places - 2)'
            ~ ' end'
        ) }} as position_based_credit,
        {{ to_credit('case when touches = 0 then 1 else decay_weight / path_decay_weight end') }} as time_decay_credit,
        {{ to_credit(
            'case when touches = 0 then 1 else cast(is_channel_new as ' ~ type_double() ~ ') / path_channels end'
        ) }}
            as shapley_credit,
        {{ to_total('case when is_converted then net_amount end') }} as net_amount,
        case when touches > 0 then step_at end as touched_at,
        case when touches > 0 then expires_at end as expires_at,
        case when is_converted then purchased_at end as purchased_at,
        case when is_converted then purchased_on end as purchased_on
    from paths

)

select * from described
