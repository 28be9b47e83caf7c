with

as_of as (

    select * from {{ ref('int_as_of') }}

),

-- What the source never speaks of is not known, which is not the same as none.
sources as (

    select
        coalesce(sum(case when interactions.counts_as = 'use' then 1 else 0 end), 0) > 0 as knows_use,
        coalesce(sum(case when interactions.counts_as = 'help' then 1 else 0 end), 0) + max(tickets.tickets) > 0
            as knows_help
    from (select count(*) as tickets from {{ ref('int_tickets') }}) as tickets
    left join {{ ref('int_interactions') }} as interactions
        on interactions.counts_as in ('use', 'help')

),

buyers as (

    select
        onboarding.*,
        dates.month_start_on,
        thresholds.onboarding_days
    from {{ ref('int_onboarding') }} as onboarding
    inner join {{ ref('dim_dates') }} as dates
        on onboarding.first_order_on = dates.date_on
    inner join {{ ref('lifecycle_thresholds') }} as thresholds
        on onboarding.customer_type = thresholds.customer_type

),

counted as (

    select
        month_start_on,
        customer_type,
        min(onboarding_days) as onboarding_days,
        count(*) as buyers,
        sum(case when first_use_at is not null or second_order_at is not null then 1 else 0 end) as activated_buyers,
        count(first_use_at) as users,
        {{ median_of(dbt.datediff('first_order_at', 'first_use_at', 'second'), 86400) }} as median_days_to_first_use,
        sum(case when help_contacts > 0 then 1 else 0 end) as helped_buyers,
        count(second_order_at) as second_buyers
    from buyers
    group by month_start_on, customer_type

),

aged as (

    select
        counted.*,
        {{ is_month_over('counted.month_start_on', 'counted.onboarding_days') }} as is_mature,
        sources.knows_use,
        sources.knows_help
    from counted
    cross join as_of
    cross join sources

),

described as (

    select
        month_start_on,
        customer_type,
        is_mature,
        cast(buyers as {{ dbt.type_bigint() }}) as buyers,
        cast(case when knows_use then activated_buyers end as {{ dbt.type_bigint() }}) as activated_buyers,
        case when is_mature and knows_use then {{ rate('activated_buyers', 'buyers') }} end as activation_rate,
        cast(case when knows_use then users end as {{ dbt.type_bigint() }}) as users,
        case when is_mature then median_days_to_first_use end as median_days_to_first_use,
        cast(case when knows_help then helped_buyers end as {{ dbt.type_bigint() }}) as helped_buyers,
        case when is_mature and knows_help then {{ rate('helped_buyers', 'buyers') }} end as help_needed_rate,
        cast(second_buyers as {{ dbt.type_bigint() }}) as second_buyers,
        case when is_mature then {{ rate('second_buyers', 'buyers') }} end as second_order_rate
    from aged

)

select * from described
