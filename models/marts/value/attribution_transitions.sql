with

-- A touch that no purchase has followed counts once none can follow any more.
touches as (

    select touches.*
    from {{ ref('attribution_touches') }} as touches
    inner join {{ ref('int_as_of') }} as as_of
        on touches.is_converted or touches.expires_at < as_of.as_of
    where touches.touches > 0

),

arrivals as (

    select
        conversion_kind,
        coalesce(previous_channel, '(start)') as from_state,
        channel as to_state,
        count(*) as transitions
    from touches
    group by conversion_kind, coalesce(previous_channel, '(start)'), channel

),

purchases as (

    select
        conversion_kind,
        channel as from_state,
        '(conversion)' as to_state,
        count(*) as transitions
    from touches
    where is_converted and touch_number = touches
    group by conversion_kind, channel

),

-- Who came to a channel and neither went on nor bought was lost there.
balances as (

    select
        conversion_kind,
        to_state as state,
        transitions
    from arrivals

    union all

    select
        conversion_kind,
        from_state as state,
        -transitions as transitions
    from arrivals
    where from_state <> '(start)'

    union all

    select
        conversion_kind,
        from_state as state,
        -transitions as transitions
    from purchases

),

losses as (

    select
        conversion_kind,
        state as from_state,
        '(null)' as to_state,
        sum(transitions) as transitions
    from balances
    group by conversion_kind, state
    having sum(transitions) > 0

),

moves as (

    select * from arrivals
    union all
    select * from purchases
    union all
    select * from losses

),

described as (

    select
        conversion_kind,
        from_state,
        to_state,
        cast(transitions as {{ dbt.type_bigint() }}) as transitions,
        cast(sum(transitions) over state as {{ dbt.type_bigint() }}) as from_transitions,
        {{ rate('transitions', 'sum(transitions) over state') }} as transition_rate
    from moves
    window state as (partition by conversion_kind, from_state)

)

select * from described
