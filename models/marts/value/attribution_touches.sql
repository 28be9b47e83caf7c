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

-- A life in order: what somebody met, and what they bought.
steps as (

    select
        customer_id,
        session_id as touch_id,
        channel,
        started_at as step_at,
        0 as purchases
    from {{ ref('fct_sessions') }}
    where is_attribution_touch and {{ touched() }}

    union all

    select
        customer_id,
        interaction_id as touch_id,
        channel,
        occurred_at as step_at,
        0 as purchases
    from {{ ref('int_interactions') }}
    where
        direction = 'outbound' and customer_id is not null
        and interaction_type in (select types.interaction_type from {{ ref('attribution_touch_types') }} as types)
        and {{ touched() }}

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
        customer_id,
        touch_id,
        channel,
        step_at,
        1 + count(case when purchases = 1 then 1 end) over (
            partition by customer_id order by step_at, purchases
            rows between unbounded preceding and 1 preceding
        ) as moment_number
    from steps

),

answered as (

    select
        numbered.customer_id,
        numbered.moment_number,
        coalesce(moments.purchased_at <= {{ add_days('numbered.step_at', 'rules.lookback_days') }}, false)
            as is_converted,
        rules.conversion_kind,
        numbered.touch_id,
        coalesce(channels.attributed_channel, 'unknown') as channel,
        numbered.touch_id is not null and not (coalesce(channels.is_direct, false) and not rules.direct_counts)
            as is_counted,
        {{ dbt.datediff('numbered.step_at', 'moments.purchased_at', 'second') }} as seconds_before,
        86400 * cast(rules.half_life_days as {{ type_double() }}) as half_life_seconds,
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

-- One pass of few columns tells what a path is; sorting them all again takes more than twice as long.
-- The own door, where it does not count, does so only on a path that has nothing else.
paths as (

    select
        customer_id,
        moment_number,
        is_converted,
        max(case when is_counted then 1 else 0 end) as has_counted,
        coalesce(nullif(count(case when is_counted then 1 end), 0), count(touch_id)) as touches,
        coalesce(
            min(case when is_counted then seconds_before end),
            min(case when touch_id is not null then seconds_before end)
        ) as last_seconds_before
    from answered
    group by customer_id, moment_number, is_converted

),

-- A purchase that nothing led to is a row of its own, so that no purchase is lost.
placed as (

    select
        answered.*,
        paths.touches,
        paths.last_seconds_before
    from answered
    inner join paths
        on
            answered.customer_id = paths.customer_id
            and answered.moment_number = paths.moment_number
            and answered.is_converted = paths.is_converted
    where
        (answered.is_counted or paths.has_counted = 0)
        and (answered.touch_id is not null or paths.touches = 0)

),

-- Only several touches need an order and weights. The last weighs 1; decimals add up alike in any order.
several as (

    select
        customer_id,
        moment_number,
        is_converted,
        touch_id,
        channel,
        step_at,
        case when is_converted then cast(
            -- Held within what a power of a half can be.
            power(0.5, least((seconds_before - last_seconds_before) / half_life_seconds, 1000)) as decimal(18, 16)
        ) end as decay_weight
    from placed
    where touches > 1

),

ordered as (

    select
        *,
        row_number() over path as place,
        lag(channel) over path as previous_channel,
        sum(decay_weight) over whole_path as path_decay_weight
    from several
    window
        path as (
            partition by customer_id, moment_number, is_converted
            order by step_at, {{ sortable('touch_id') }}
        ),
        -- The same order, so that one sort is enough.
        whole_path as (
            partition by customer_id, moment_number, is_converted
            order by step_at, {{ sortable('touch_id') }}
            rows between unbounded preceding and unbounded following
        )

),

-- Every channel of a path at its first touch.
first_visits as (

    select
        customer_id,
        moment_number,
        channel,
        min(place) as place,
        count(*) over (partition by customer_id, moment_number) as path_channels
    from ordered
    where is_converted
    group by customer_id, moment_number, channel

),

weighed as (

    select
        ordered.touch_id,
        ordered.place,
        ordered.previous_channel,
        cast(ordered.decay_weight as {{ type_double() }}) / cast(ordered.path_decay_weight as {{ type_double() }})
            as decay_share,
        coalesce(1 / cast(first_visits.path_channels as {{ type_double() }}), 0) as channel_share
    from ordered
    left join first_visits
        on
            ordered.customer_id = first_visits.customer_id
            and ordered.moment_number = first_visits.moment_number
            and ordered.is_converted
            and ordered.channel = first_visits.channel
            and ordered.place = first_visits.place

),

described as (

    select
        placed.customer_id,
        placed.moment_number,
        placed.conversion_kind,
        placed.touch_id,
        placed.channel,
        weighed.previous_channel,
        cast(case when placed.touches > 0 then coalesce(weighed.place, 1) end as {{ dbt.type_bigint() }})
            as touch_number,
        placed.touches,
        placed.is_converted,
        {{ to_credit('case when place > 1 then 0 else 1 end') }} as first_touch_credit,
        {{ to_credit('case when place < touches then 0 else 1 end') }} as last_touch_credit,
        {{ to_credit('case when place is null then 1 else 1 / cast(touches as ' ~ type_double() ~ ') end') }}
            as linear_credit,
        {{ to_credit(
            'case'
            ~ ' when place is null then 1'
            ~ ' when touches = 2 then case when place = 1 then first_share else last_share end / (first_share + last_share)'
            ~ ' when place = 1 then first_share'
            ~ ' when place = touches then last_share'
            ~ ' else (1 - first_share - last_share) / (touches - 2)'
            ~ ' end'
        ) }} as position_based_credit,
        {{ to_credit('coalesce(weighed.decay_share, 1)') }} as time_decay_credit,
        {{ to_credit('coalesce(weighed.channel_share, 1)') }} as shapley_credit,
        {{ as_total('case when is_converted then net_amount end') }} as net_amount,
        case when placed.touches > 0 then placed.step_at end as touched_at,
        case when placed.touches > 0 then placed.expires_at end as expires_at,
        case when placed.is_converted then placed.purchased_at end as purchased_at,
        case when placed.is_converted then placed.purchased_on end as purchased_on
    from placed
    left join weighed
        on placed.touch_id = weighed.touch_id

)

select * from described
