{%- set comparison = 'compared_by, compared_type' -%}
with

lives as (

    select * from {{ ref('int_lives') }}

),

compared as (

    select
        'customer_type' as compared_by,
        'all' as compared_type,
        customer_type as group_name,
        days,
        is_churned
    from lives

    union all

    select
        'acquisition_channel_group' as compared_by,
        customer_type as compared_type,
        acquisition_channel_group as group_name,
        days,
        is_churned
    from lives

),

ends as (

    select
        {{ comparison }},
        group_name,
        days,
        count(*) as customers,
        sum(case when is_churned then 1 else 0 end) as churned
    from compared
    group by {{ comparison }}, group_name, days

),

days as (

    select
        {{ comparison }},
        days
    from ends
    group by {{ comparison }}, days

),

member_groups as (

    select
        {{ comparison }},
        group_name
    from ends
    group by {{ comparison }}, group_name

),

-- Every group on every day on which a life of the comparison ends.
every_day as (

    select
        days.compared_by,
        days.compared_type,
        days.days,
        member_groups.group_name
    from days
    inner join member_groups
        on
            days.compared_by = member_groups.compared_by
            and days.compared_type = member_groups.compared_type

),

at_risk as (

    select
        every_day.*,
        coalesce(ends.customers, 0) as customers,
        coalesce(ends.churned, 0) as churned,
        sum(coalesce(ends.customers, 0)) over (
            partition by every_day.compared_by, every_day.compared_type, every_day.group_name
            order by every_day.days desc
            rows between unbounded preceding and current row
        ) as at_risk
    from every_day
    left join ends
        on
            every_day.compared_by = ends.compared_by
            and every_day.compared_type = ends.compared_type
            and every_day.group_name = ends.group_name
            and every_day.days = ends.days

),

with_all as (

    select
        *,
        cast(sum(churned) over of_day as {{ type_double() }}) as all_churned,
        cast(sum(at_risk) over of_day as {{ type_double() }}) as all_at_risk
    from at_risk
    window of_day as (partition by {{ comparison }}, days)

),

-- Given how many churn on a day, how many of the group do is hypergeometric.
tested as (

    select
        {{ comparison }},
        group_name,
        sum(customers) as customers,
        sum(churned) as churned,
        sum(all_churned * at_risk / all_at_risk) as expected_churned,
        sum(
            case
                when all_at_risk > 1
                    then all_churned * at_risk / all_at_risk * (1 - at_risk / all_at_risk)
                        * (all_at_risk - all_churned) / (all_at_risk - 1)
                else 0
            end
        ) as variance
    from with_all
    group by {{ comparison }}, group_name

),

compared_with_chance as (

    select
        *,
        case
            when variance > 0.000000001
                then (churned - expected_churned) * (churned - expected_churned) / variance
        end as chi_square
    from tested

),

described as (

    select
        compared_by,
        case when compared_by != 'customer_type' then compared_type end as customer_type,
        group_name,
        cast(customers as {{ dbt.type_bigint() }}) as customers,
        cast(churned as {{ dbt.type_bigint() }}) as churned,
        cast(round(cast(expected_churned as decimal(28, 10)), 6) as decimal(28, 6)) as expected_churned,
        {{ rate('churned', 'expected_churned') }} as churned_ratio,
        {{ rate('chi_square', '1') }} as log_rank_chi_square,
        {{ to_bound(normal_p_value('sqrt(chi_square)')) }} as p_value
    from compared_with_chance

)

select * from described
