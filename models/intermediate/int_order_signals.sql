{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'buyers']]
) }}

with

rules as (

    select * from {{ ref('decline_rules') }}

),

-- An occasion is a purchase day. No pieces at all means that the order has no lines.
days as (

    select
        customer_id,
        customer_type,
        purchased_on,
        min(purchased_at) as first_at,
        max(purchased_at) as measured_at,
        max(moment_number) as moment_number,
        nullif(sum(units), 0) as units,
        sum(net_amount) as net_amount
    from {{ ref('int_purchase_moments') }}
    where {{ touched() }}
    group by customer_id, customer_type, purchased_on

),

-- Two latest days beside up to ten before them, and up to ten gaps: what is known on that day.
measured as (

    select
        *,
        lead(first_at) over life as ends_at,
        count(*) over last_gaps - 1 as gaps,
        {{ dbt.datediff('min(purchased_on) over last_gaps', 'purchased_on', 'day') }} as gap_days,
        sum(units) over latest as recent_units,
        count(units) over latest as recent_unit_days,
        sum(units) over before as past_units,
        count(units) over before as past_unit_days,
        sum(net_amount) over latest as recent_amount,
        sum(net_amount) over before as past_amount,
        count(*) over before as past_days
    from days
    window
        life as (partition by customer_id order by purchased_on),
        last_gaps as (partition by customer_id order by purchased_on rows between 10 preceding and current row),
        latest as (partition by customer_id order by purchased_on rows between 1 preceding and current row),
        before as (partition by customer_id order by purchased_on rows between 11 preceding and 2 preceding)

),

signals as (

    select 'frequency' as signal
    union all
    select 'quantity' as signal
    union all
    select 'value' as signal

),

totals as (

    select
        measured.customer_id,
        measured.customer_type,
        signals.signal,
        measured.moment_number,
        measured.measured_at,
        measured.ends_at,
        case
            when signals.signal = 'quantity' and measured.recent_unit_days = 2
                then cast(measured.recent_units as {{ type_double() }})
            when signals.signal = 'value' then cast(measured.recent_amount as {{ type_double() }})
        end as recent_total,
        case signals.signal
            when 'frequency' then cast(measured.gap_days as {{ type_double() }})
            when 'quantity' then cast(measured.past_units as {{ type_double() }})
            else cast(measured.past_amount as {{ type_double() }})
        end as past_total,
        case signals.signal
            when 'frequency' then measured.gaps
            when 'quantity' then measured.past_unit_days
            else measured.past_days
        end as past_events
    from measured
    cross join signals

),

compared as (

    select
        customer_id,
        customer_type,
        signal,
        moment_number,
        measured_at,
        ends_at,
        past_events,
        {{ double_to_total('recent_total / 2') }} as mean_recent,
        {{ double_to_total('past_total / nullif(past_events, 0)') }} as mean_past
    from totals

),

-- Where the own past is too short nothing is said.
judged as (

    select
        compared.*,
        {{ share_of_past('compared.mean_recent', 'compared.mean_past') }} as recent_ratio,
        case
            when compared.signal = 'frequency' then {{ silence_begins('compared', 'rules') }}
            when compared.mean_recent <= compared.mean_past * rules.limit_ratio then compared.measured_at
        end as valid_from
    from compared
    inner join rules
        on
            compared.customer_type = rules.customer_type
            and compared.signal = rules.signal
            and compared.past_events >= rules.min_history
    where
        compared.mean_past > 0
        and (compared.mean_recent is not null or compared.signal = 'frequency')

),

described as (

    select
        customer_id,
        customer_type,
        signal,
        moment_number,
        measured_at,
        ends_at is null as is_latest,
        past_events,
        mean_recent,
        mean_past,
        recent_ratio,
        valid_from,
        case when valid_from is not null then ends_at end as valid_to
    from judged
    where ends_at is null or valid_from < ends_at

)

select * from described
