{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

moments as (

    select * from {{ ref('int_purchase_moments') }}
    where {{ touched() }}

),

rules as (

    select * from {{ ref('decline_rules') }}

),

-- An occasion is a purchase day. No pieces at all means that the order has no lines.
days as (

    select
        customer_id,
        customer_type,
        purchased_on,
        max(purchased_at) as measured_at,
        max(moment_number) as moment_number,
        nullif(sum(units), 0) as units,
        sum(net_amount) as net_amount
    from moments
    group by customer_id, customer_type, purchased_on

),

-- Two latest days beside up to ten before them, and up to ten gaps: what is known on that day.
measured as (

    select
        *,
        lead(measured_at) over life is null as is_latest,
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

compared as (

    select
        customer_id,
        customer_type,
        'frequency' as signal,
        moment_number,
        measured_at,
        is_latest,
        gaps as past_events,
        cast(null as decimal(28, 4)) as mean_recent,
        {{ to_total('cast(gap_days as ' ~ type_double() ~ ') / nullif(gaps, 0)') }} as mean_past
    from measured

    union all

    select
        customer_id,
        customer_type,
        'quantity' as signal,
        moment_number,
        measured_at,
        is_latest,
        past_unit_days as past_events,
        case
            when recent_unit_days = 2 then {{ to_total('cast(recent_units as ' ~ type_double() ~ ') / 2') }}
        end as mean_recent,
        {{ to_total('cast(past_units as ' ~ type_double() ~ ') / nullif(past_unit_days, 0)') }} as mean_past
    from measured

    union all

    select
        customer_id,
        customer_type,
        'value' as signal,
        moment_number,
        measured_at,
        is_latest,
        past_days as past_events,
        {{ to_total('cast(recent_amount as ' ~ type_double() ~ ') / 2') }} as mean_recent,
        {{ to_total('cast(past_amount as ' ~ type_double() ~ ') / nullif(past_days, 0)') }} as mean_past
    from measured

),

-- Where the own past is too short nothing is said.
judged as (

    select
        compared.customer_id,
        compared.customer_type,
        compared.signal,
        compared.moment_number,
        compared.measured_at,
        compared.is_latest,
        compared.past_events,
        compared.mean_recent,
        compared.mean_past,
        {{ share_of_past('compared.mean_recent', 'compared.mean_past') }} as recent_ratio,
        case
            when compared.signal = 'frequency' then {{ silence_begins('compared', 'rules') }}
            when compared.mean_recent <= compared.mean_past * rules.limit_ratio then compared.measured_at
        end as valid_from,
        moments.next_purchased_at as ends_at
    from compared
    inner join rules
        on
            compared.customer_type = rules.customer_type
            and compared.signal = rules.signal
            and compared.past_events >= rules.min_history
    inner join moments
        on
            compared.customer_id = moments.customer_id
            and compared.moment_number = moments.moment_number
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
        is_latest,
        past_events,
        mean_recent,
        mean_past,
        recent_ratio,
        valid_from,
        case when valid_from is not null then ends_at end as valid_to
    from judged
    where is_latest or valid_from < ends_at

)

select * from described
