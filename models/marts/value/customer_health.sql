with

as_of as (

    select * from {{ ref('int_as_of') }}

),

stages as (

    select
        current_stages.*,
        stages.is_buyer
    from {{ ref('lifecycle_current') }} as current_stages
    inner join {{ ref('lifecycle_stages') }} as stages
        on current_stages.stage = stages.stage
    where stages.is_buyer

),

rules as (

    select * from {{ ref('decline_rules') }}

),

-- Where none are kept, nobody is known to be indifferent or to complain.
sessions as (

    select count(*) as sessions from {{ ref('fct_sessions') }}

),

tickets as (

    select count(*) as tickets from {{ ref('stg_tickets') }}

),

measured as (

    select
        signals.customer_id,
        signals.signal,
        signals.is_latest,
        signals.valid_from,
        {{ holds_at('signals', 'as_of.as_of') }} as holds,
        rules.decline_step,
        case
            when signals.signal in ('frequency', 'engagement')
                then {{ rate(
                    'cast(' ~ dbt.datediff('signals.measured_at', 'as_of.as_of', 'second') ~ ' as ' ~ type_double()
                    ~ ') / 86400', 'signals.mean_past'
                ) }}
            else signals.recent_ratio
        end as measured_rate
    from {{ ref('decline_signals') }} as signals
    inner join rules
        on
            signals.customer_type = rules.customer_type
            and signals.signal = rules.signal
    cross join as_of
    where signals.is_latest or {{ holds_at('signals', 'as_of.as_of') }}

),

totals as (

    select
        customer_id,
        {% for signal in decline_signal_words() -%}
        max(case when signal = '{{ signal }}' then case when coalesce(holds, false) then 1 else 0 end end)
            as warns_{{ signal }},
        max(case when signal = '{{ signal }}' and is_latest then measured_rate end) as rate_{{ signal }},
        {% endfor -%}
        count(distinct case when holds then signal end) as warning_signals,
        min(case when holds then valid_from end) as warned_since_at,
        max(case when holds then decline_step end) as decline_step
    from measured
    group by customer_id

),

stepped as (

    select
        stages.customer_id,
        stages.customer_type,
        stages.stage,
        stages.stage_detail,
        stages.as_of,
        totals.warns_frequency = 1 as is_frequency_low,
        totals.rate_frequency as silence_to_own_gap_ratio,
        totals.warns_quantity = 1 as is_quantity_low,
        totals.rate_quantity as quantity_to_own_past_ratio,
        totals.warns_value = 1 as is_value_low,
        totals.rate_value as value_to_own_past_ratio,
        case when sessions.sessions > 0 then totals.warns_engagement = 1 end as is_engagement_low,
        case when sessions.sessions > 0 then totals.rate_engagement end as silence_to_own_contact_gap_ratio,
        totals.warns_satisfaction = 1 as is_satisfaction_low,
        totals.rate_satisfaction as satisfaction_to_own_past_ratio,
        case when tickets.tickets > 0 or totals.warns_complaint = 1 then coalesce(totals.warns_complaint = 1, false) end
            as is_complaining,
        cast(coalesce(totals.warning_signals, 0) as {{ dbt.type_bigint() }}) as warning_signals,
        totals.warned_since_at,
        cast(
            case
                when stages.stage = 'churn' or (stages.stage = 'decline' and stages.stage_detail = 'silence') then 4
                else coalesce(totals.decline_step, 0)
            end as {{ dbt.type_int() }}
        ) as decline_step
    from stages
    cross join sessions
    cross join tickets
    left join totals
        on stages.customer_id = totals.customer_id

),

described as (

    select
        stepped.customer_id,
        stepped.customer_type,
        stepped.stage,
        stepped.stage_detail,
        stepped.is_frequency_low,
        stepped.silence_to_own_gap_ratio,
        stepped.is_quantity_low,
        stepped.quantity_to_own_past_ratio,
        stepped.is_value_low,
        stepped.value_to_own_past_ratio,
        stepped.is_engagement_low,
        stepped.silence_to_own_contact_gap_ratio,
        stepped.is_satisfaction_low,
        stepped.satisfaction_to_own_past_ratio,
        stepped.is_complaining,
        stepped.warning_signals,
        stepped.warned_since_at,
        stepped.decline_step,
        tiers.value_tier,
        efforts.effort_level,
        as_of.as_of_on as reviewed_on,
        {{ add_days_to_date('as_of.as_of_on', 'efforts.review_interval_days') }} as review_by_on,
        stepped.as_of
    from stepped
    cross join as_of
    left join {{ ref('customer_value') }} as tiers
        on stepped.customer_id = tiers.customer_id
    left join {{ ref('effort_levels') }} as efforts
        on
            tiers.value_tier = efforts.value_tier
            and stepped.decline_step = efforts.decline_step

)

select * from described
