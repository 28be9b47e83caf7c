with

losses as (

    select * from {{ ref('losses') }}
    where stage = 'churn'

),

months as (

    select
        date_on,
        month_start_on,
        is_month_complete
    from {{ ref('dim_dates') }}

),

totals as (

    select
        months.month_start_on,
        months.is_month_complete,
        losses.customer_type,
        losses.churn_reason,
        losses.decline_step,
        losses.previous_stage,
        count(*) as churn_entries,
        count(losses.warned_at) as warned_entries,
        sum(losses.days_warned) as days_warned
    from losses
    inner join months
        on losses.entered_on = months.date_on
    group by
        months.month_start_on, months.is_month_complete, losses.customer_type, losses.churn_reason,
        losses.decline_step, losses.previous_stage

),

described as (

    select
        month_start_on,
        customer_type,
        churn_reason,
        decline_step,
        previous_stage,
        is_month_complete,
        cast(churn_entries as {{ dbt.type_bigint() }}) as churn_entries,
        cast(sum(churn_entries) over (partition by month_start_on, customer_type) as {{ dbt.type_bigint() }})
            as month_churn_entries,
        case
            when is_month_complete
                then {{ rate('churn_entries', 'sum(churn_entries) over (partition by month_start_on, customer_type)') }}
        end as share_of_month_rate,
        cast(warned_entries as {{ dbt.type_bigint() }}) as warned_entries,
        case when is_month_complete then {{ rate('warned_entries', 'churn_entries') }} end as warned_rate,
        cast(days_warned as {{ dbt.type_bigint() }}) as days_warned,
        case when is_month_complete then {{ rate('days_warned', 'warned_entries') }} end as mean_days_warned
    from totals

)

select * from described
