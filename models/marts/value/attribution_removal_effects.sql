with

shares as (

    select
        conversion_kind,
        from_state,
        to_state,
        cast(transitions as {{ type_double() }}) / from_transitions as share
    from {{ ref('attribution_transitions') }}

),

channels as (

    select
        conversion_kind,
        from_state as channel,
        cast(
            row_number() over (partition by conversion_kind order by {{ sortable('from_state') }})
            as {{ dbt.type_string() }}
        ) as number
    from shares
    where from_state <> '(start)'
    group by conversion_kind, from_state

),

states as (

    select
        conversion_kind,
        channel as state,
        number
    from channels

    union all

    select distinct
        conversion_kind,
        '(start)' as state,
        'start' as number
    from channels

),

-- One equation a state. On the left where the path goes on, on the right the visit itself (to ask how often
-- each channel is come by) and the share that buys now (to ask how many will).
equations as ( -- noqa: ST03

    select
        states.conversion_kind,
        states.number as i,
        'left' as side,
        channels.number as j,
        coalesce(shares.share, 0) as x
    from states
    inner join channels
        on states.conversion_kind = channels.conversion_kind
    left join shares
        on
            states.conversion_kind = shares.conversion_kind
            and states.state = shares.from_state
            and channels.channel = shares.to_state

    union all

    select
        states.conversion_kind,
        states.number as i,
        'right' as side,
        channels.number as j,
        case when states.number = channels.number then 1 else 0 end as x
    from states
    inner join channels
        on states.conversion_kind = channels.conversion_kind

    union all

    select
        states.conversion_kind,
        states.number as i,
        'right' as side,
        'conversion' as j,
        coalesce(shares.share, 0) as x
    from states
    left join shares
        on
            states.conversion_kind = shares.conversion_kind
            and states.state = shares.from_state
            and shares.to_state = '(conversion)'

),

-- By number, as the names of the channels are only known to the rows.
{{ solved_by_stage('equations', attributed_channel_numbers(), by='conversion_kind') }},

-- Without a channel those buy no more who came by it and would have bought from there:
-- the share that ever comes by it is its visits from the start ÷ its visits once it was come by.
measured as (

    select
        channels.conversion_kind,
        channels.channel,
        sum(case when solved.i = 'start' and solved.j = 'conversion' then solved.x end) as conversion_rate,
        sum(case when solved.i = 'start' and solved.j = channels.number then solved.x end)
        / sum(case when solved.i = channels.number and solved.j = channels.number then solved.x end) as reach_rate,
        sum(case when solved.i = channels.number and solved.j = 'conversion' then solved.x end)
            as onward_conversion_rate
    from channels
    inner join solved
        on channels.conversion_kind = solved.conversion_kind
    where solved.side = 'right'
    group by channels.conversion_kind, channels.channel

),

described as (

    select
        conversion_kind,
        channel,
        {{ to_bound('conversion_rate') }} as conversion_rate,
        {{ to_bound('reach_rate') }} as reach_rate,
        {{ to_bound('onward_conversion_rate') }} as onward_conversion_rate,
        {{ to_bound('reach_rate * onward_conversion_rate / nullif(conversion_rate, 0)') }} as removal_effect_rate
    from measured

)

select * from described
