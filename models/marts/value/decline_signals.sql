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

contacts as (

    select
        customer_id,
        purchased_on as contact_on,
        purchased_at as first_at,
        purchased_at as last_at,
        moment_number,
        0 as is_session
    from moments

    union all

    select
        customer_id,
        started_on as contact_on,
        started_at as first_at,
        ended_at as last_at,
        cast(null as {{ dbt.type_bigint() }}) as moment_number,
        1 as is_session
    from {{ ref('fct_sessions') }}
    where {{ touched() }}

),

days as (

    select
        customer_id,
        contact_on,
        min(first_at) as first_at,
        max(last_at) as measured_at,
        max(moment_number) as moment_number,
        max(is_session) as is_session
    from contacts
    group by customer_id, contact_on

),

-- From the first order on: how somebody looks around before buying is another rhythm.
placed as (

    select
        customer_id,
        contact_on,
        first_at,
        measured_at,
        is_session,
        max(moment_number) over (
            partition by customer_id order by contact_on
            rows between unbounded preceding and current row
        ) as moment_number
    from days

),

-- Without sessions there is nothing to judge by: orders alone are what `frequency` counts.
measured as (

    select
        *,
        lead(first_at) over life as valid_to,
        sum(is_session) over (
            partition by customer_id order by contact_on
            rows between unbounded preceding and current row
        ) as session_days,
        count(*) over last_gaps - 1 as past_events,
        {{ dbt.datediff('min(contact_on) over last_gaps', 'contact_on', 'day') }} as gap_days
    from placed
    where moment_number is not null
    window
        life as (partition by customer_id order by contact_on),
        last_gaps as (partition by customer_id order by contact_on rows between 10 preceding and current row)

),

averaged as (

    select
        *,
        {{ double_to_total('cast(gap_days as ' ~ type_double() ~ ') / nullif(past_events, 0)') }} as mean_past
    from measured

),

engagement as (

    select
        averaged.customer_id,
        rules.customer_type,
        rules.signal,
        averaged.moment_number,
        averaged.measured_at,
        averaged.valid_to is null as is_latest,
        averaged.past_events,
        cast(null as decimal(28, 4)) as mean_recent,
        averaged.mean_past,
        cast(null as decimal(18, 6)) as recent_ratio,
        {{ silence_begins('averaged', 'rules') }} as valid_from,
        averaged.valid_to
    from averaged
    inner join {{ ref('int_customers') }} as customers
        on averaged.customer_id = customers.customer_id
    inner join rules
        on
            customers.customer_type = rules.customer_type
            and rules.signal = 'engagement'
            and averaged.past_events >= rules.min_history
            and averaged.session_days >= rules.min_history

),

signals as (

    select * from {{ ref('int_order_signals') }}
    where {{ touched() }}

    union all

    select * from {{ ref('int_mood_signals') }}
    where {{ touched() }}

    union all

    select * from engagement
    where is_latest or valid_from < valid_to

),

described as (

    select
        customer_id,
        customer_type,
        signal,
        moment_number,
        measured_at,
        is_latest,
        cast(past_events as {{ dbt.type_bigint() }}) as past_events,
        mean_recent,
        mean_past,
        recent_ratio,
        valid_from is not null as is_warning,
        valid_from,
        valid_to
    from signals

)

select * from described
