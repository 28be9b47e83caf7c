with

attempts as (

    select * from {{ ref('winback_attempts') }}

),

months as (

    select
        date_on,
        month_start_on,
        is_month_complete
    from {{ ref('dim_dates') }}

),

inputs as (

    select count(*) > 0 as has_interactions from {{ ref('fct_interactions') }}

),

totals as (

    select
        months.month_start_on,
        months.is_month_complete,
        attempts.customer_type,
        attempts.stage,
        attempts.churn_reason,
        coalesce(attempts.contact_channel, 'none') as contact_channel,
        count(*) as entries,
        count(attempts.ended_by) as ended_entries,
        sum(case when attempts.is_saved then 1 else 0 end) as saved_entries,
        count(attempts.contacted_at) as contacted_entries,
        sum(case when attempts.contacted_at is not null and attempts.is_saved_in_window then 1 else 0 end)
            as saved_in_window_entries,
        count(case when attempts.contacted_at is not null then attempts.is_saved_in_window end) as judged_entries,
        sum(attempts.contacts) as contacts,
        sum(attempts.contact_cost_amount) as contact_cost_amount,
        sum(attempts.offer_cost_amount) as offer_cost_amount,
        count(attempts.window_net_amount) as valued_entries,
        sum(attempts.window_net_amount) as window_net_amount,
        sum(attempts.later_net_amount) as later_net_amount
    from attempts
    inner join months
        on attempts.entered_on = months.date_on
    group by
        months.month_start_on, months.is_month_complete, attempts.customer_type, attempts.stage,
        attempts.churn_reason, coalesce(attempts.contact_channel, 'none')

),

described as (

    select
        totals.month_start_on,
        totals.customer_type,
        totals.stage,
        totals.churn_reason,
        case when inputs.has_interactions then totals.contact_channel end as contact_channel,
        totals.is_month_complete,
        cast(totals.entries as {{ dbt.type_bigint() }}) as entries,
        cast(totals.saved_entries as {{ dbt.type_bigint() }}) as saved_entries,
        cast(totals.ended_entries as {{ dbt.type_bigint() }}) as ended_entries,
        case
            when totals.stage = 'decline' and totals.is_month_complete and totals.ended_entries = totals.entries
                then {{ rate('totals.saved_entries', 'totals.entries') }}
        end as rescue_rate,
        case when inputs.has_interactions then cast(totals.contacted_entries as {{ dbt.type_bigint() }}) end
            as contacted_entries,
        case when inputs.has_interactions then cast(totals.saved_in_window_entries as {{ dbt.type_bigint() }}) end
            as returned_in_window_entries,
        case
            when
                totals.stage = 'churn' and totals.is_month_complete
                and totals.judged_entries = totals.contacted_entries
                then {{ rate('totals.saved_in_window_entries', 'totals.contacted_entries') }}
        end as return_rate,
        case when inputs.has_interactions then cast(totals.contacts as {{ dbt.type_bigint() }}) end as contacts,
        case when inputs.has_interactions then {{ to_total('totals.contact_cost_amount') }} end
            as contact_cost_amount,
        {{ to_total('coalesce(totals.offer_cost_amount, 0)') }} as offer_cost_amount,
        case
            when totals.valued_entries = totals.saved_entries
                then {{ to_total('coalesce(totals.window_net_amount, 0)') }}
        end as window_net_amount,
        {{ to_total('coalesce(totals.later_net_amount, 0)') }} as later_net_amount
    from totals
    cross join inputs

)

select * from described
