{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

moments as (

    select * from {{ ref('int_purchase_moments') }}
    where {{ touched() }}

),

touches as (

    select
        customer_id,
        counts_as,
        direction,
        amount,
        occurred_on
    from {{ ref('int_interactions') }}
    where
        customer_id is not null
        and (direction = 'inbound' or counts_as is not null)
        and {{ touched() }}

),

acts as (

    select
        customer_id,
        purchased_on as occurred_on,
        'order' as act,
        purchased_on as active_on,
        cast(null as decimal(18, 4)) as amount
    from moments

    union all

    select
        customer_id,
        occurred_on,
        coalesce(counts_as, 'touch') as act,
        case when direction = 'inbound' then occurred_on end as active_on,
        amount
    from touches

),

months as (

    select
        customer_id,
        cast({{ dbt.date_trunc('month', 'occurred_on') }} as date) as month_start_on,
        count(distinct active_on) as active_days,
        sum(case when act <> 'order' then 1 else 0 end) as touches,
        sum(case when act = 'order' then 1 else 0 end) as order_moments,
        sum(case when act = 'enrolment' then 1 else 0 end) as enrolments,
        sum(case when act = 'points_earned' then amount end) as points_earned,
        sum(case when act = 'points_redeemed' then amount end) as points_redeemed,
        sum(case when act = 'referral_sent' then 1 else 0 end) as referrals_sent,
        sum(case when act = 'referral_converted' then 1 else 0 end) as referrals_converted,
        sum(case when act = 'review' then 1 else 0 end) as reviews
    from acts
    group by customer_id, cast({{ dbt.date_trunc('month', 'occurred_on') }} as date)

),

described as (

    select
        months.customer_id,
        customers.customer_type,
        months.month_start_on,
        cast(months.active_days as {{ dbt.type_bigint() }}) as active_days,
        cast(months.touches as {{ dbt.type_bigint() }}) as touches,
        cast(months.order_moments as {{ dbt.type_bigint() }}) as order_moments,
        cast(months.enrolments as {{ dbt.type_bigint() }}) as enrolments,
        {{ as_total('months.points_earned') }} as points_earned,
        {{ as_total('months.points_redeemed') }} as points_redeemed,
        cast(months.referrals_sent as {{ dbt.type_bigint() }}) as referrals_sent,
        cast(months.referrals_converted as {{ dbt.type_bigint() }}) as referrals_converted,
        cast(months.reviews as {{ dbt.type_bigint() }}) as reviews
    from months
    inner join {{ ref('int_customers') }} as customers
        on months.customer_id = customers.customer_id

)

select * from described
