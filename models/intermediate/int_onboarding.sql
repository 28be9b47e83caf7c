{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

first_moments as (

    select
        moments.customer_id,
        moments.customer_type,
        moments.purchased_at as first_order_at,
        moments.purchased_on as first_order_on,
        {{ add_days('moments.purchased_at', 'thresholds.onboarding_days') }} as onboarding_ends_at,
        moments.next_purchased_at
    from {{ ref('int_purchase_moments') }} as moments
    inner join {{ ref('lifecycle_thresholds') }} as thresholds
        on moments.customer_type = thresholds.customer_type
    where
        moments.moment_number = 1
        and {{ touched() }}

),

contacts as (

    select
        contact_id,
        customer_id
    from {{ ref('int_contacts') }}
    where {{ touched() }}

),

signs as (

    select
        customer_id,
        counts_as,
        occurred_at
    from {{ ref('int_interactions') }}
    where
        counts_as in ('use', 'help')
        and {{ touched() }}

    union all

    select
        contacts.customer_id,
        'help' as counts_as,
        tickets.opened_at as occurred_at
    from {{ ref('stg_tickets') }} as tickets
    inner join contacts
        on tickets.customer_id = contacts.contact_id

),

counted as (

    select
        first_moments.customer_id,
        min(case when signs.counts_as = 'use' then signs.occurred_at end) as first_use_at,
        sum(case when signs.counts_as = 'help' then 1 else 0 end) as help_contacts
    from first_moments
    inner join signs
        on
            first_moments.customer_id = signs.customer_id
            and signs.occurred_at >= first_moments.first_order_at
            and signs.occurred_at < first_moments.onboarding_ends_at
    group by first_moments.customer_id

),

described as (

    select
        first_moments.customer_id,
        first_moments.customer_type,
        first_moments.first_order_at,
        first_moments.first_order_on,
        first_moments.onboarding_ends_at,
        case
            when first_moments.next_purchased_at < first_moments.onboarding_ends_at
                then first_moments.next_purchased_at
        end as second_order_at,
        counted.first_use_at,
        cast(coalesce(counted.help_contacts, 0) as {{ dbt.type_bigint() }}) as help_contacts
    from first_moments
    left join counted
        on first_moments.customer_id = counted.customer_id

)

select * from described
