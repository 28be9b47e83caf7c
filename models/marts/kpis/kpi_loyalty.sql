with

as_of as (

    select * from {{ ref('int_as_of') }}

),

months as (

    select month_start_on from {{ ref('dim_dates') }}
    group by month_start_on

),

customer_months as (

    select * from {{ ref('int_activity_months') }}

),

-- What the source never speaks of is not known, which is not the same as none.
sources as (

    select
        customer_type,
        coalesce(sum(touches), 0) > 0 as knows_touches,
        coalesce(sum(enrolments), 0) > 0 as knows_members,
        count(points_earned) > 0 as knows_points
    from customer_months
    group by customer_type

),

firsts as (

    select
        customer_id,
        customer_type,
        min(case when order_moments > 0 then month_start_on end) as buyer_since_on,
        min(case when enrolments > 0 then month_start_on end) as enrolled_on
    from customer_months
    group by customer_id, customer_type

),

-- A member counts from when both hold: enrolled, and bought.
joined as (

    select
        customer_type,
        buyer_since_on as month_start_on,
        1 as buyers,
        0 as members
    from firsts
    where buyer_since_on is not null

    union all

    select
        customer_type,
        greatest(buyer_since_on, enrolled_on) as month_start_on,
        0 as buyers,
        1 as members
    from firsts
    where buyer_since_on is not null and enrolled_on is not null

),

joined_per_month as (

    select
        month_start_on,
        customer_type,
        sum(buyers) as buyers,
        sum(members) as members
    from joined
    group by month_start_on, customer_type

),

activity as (

    select
        month_start_on,
        customer_type,
        sum(enrolments) as enrolments,
        sum(points_earned) as points_earned,
        sum(points_redeemed) as points_redeemed,
        sum(active_days) as active_days,
        sum(case when active_days > 0 then 1 else 0 end) as active_customers
    from customer_months
    group by month_start_on, customer_type

),

types as (

    select customer_type from customer_months
    group by customer_type

),

every_month as (

    select
        months.month_start_on,
        types.customer_type,
        sum(coalesce(joined_per_month.buyers, 0)) over so_far as buyers,
        sum(coalesce(joined_per_month.members, 0)) over so_far as members,
        coalesce(activity.enrolments, 0) as enrolments,
        coalesce(activity.points_earned, 0) as points_earned,
        coalesce(activity.points_redeemed, 0) as points_redeemed,
        coalesce(activity.active_days, 0) as active_days,
        coalesce(activity.active_customers, 0) as active_customers
    from months
    cross join types
    left join joined_per_month
        on
            months.month_start_on = joined_per_month.month_start_on
            and types.customer_type = joined_per_month.customer_type
    left join activity
        on
            months.month_start_on = activity.month_start_on
            and types.customer_type = activity.customer_type
    window so_far as (
        partition by types.customer_type order by months.month_start_on
        rows between unbounded preceding and current row
    )

),

aged as (

    select
        every_month.*,
        {{ is_month_over('every_month.month_start_on') }} as is_month_complete,
        sources.knows_touches,
        sources.knows_members,
        sources.knows_points
    from every_month
    cross join as_of
    inner join sources
        on every_month.customer_type = sources.customer_type

),

described as (

    select
        month_start_on,
        customer_type,
        is_month_complete,
        cast(buyers as {{ dbt.type_bigint() }}) as buyers,
        cast(case when knows_members then members end as {{ dbt.type_bigint() }}) as members,
        cast(case when knows_members then enrolments end as {{ dbt.type_bigint() }}) as enrolments,
        case when is_month_complete and knows_members then {{ rate('members', 'buyers') }} end
            as programme_enrolment_rate,
        cast(case when knows_points then round(points_earned, 0) end as {{ dbt.type_bigint() }}) as points_earned,
        cast(case when knows_points then round(points_redeemed, 0) end as {{ dbt.type_bigint() }}) as points_redeemed,
        case when is_month_complete and knows_points then {{ rate('points_redeemed', 'points_earned') }} end
            as redemption_rate,
        cast(case when knows_touches then active_customers end as {{ dbt.type_bigint() }}) as active_customers,
        cast(case when knows_touches then active_days end as {{ dbt.type_bigint() }}) as active_days,
        case when is_month_complete and knows_touches then {{ rate('active_days', 'active_customers') }} end
            as mean_active_days
    from aged

)

select * from described
