{#-
    The log-rank test of Mantel (1966), Cancer Chemotherapy Reports 50: does a group churn as all others of
    its comparison do? As CTEs over a CTE (compared_by, compared_type, group_name, days, customers whose
    life ends or is censored then, churned of these); the last one, `log_rank_tests`, has per group customers,
    churned, expected_churned and chi_square, which is NULL where there is nobody to compare with.
-#}
{% macro log_rank(ends) -%}
days as (

    select
        compared_by,
        compared_type,
        days
    from {{ ends }}
    group by compared_by, compared_type, days

),

member_groups as (

    select
        compared_by,
        compared_type,
        group_name
    from {{ ends }}
    group by compared_by, compared_type, group_name

),

-- Every group on every day on which a life of the comparison ends.
every_day as (

    select
        days.compared_by,
        days.compared_type,
        days.days,
        member_groups.group_name,
        coalesce(ends.customers, 0) as customers,
        coalesce(ends.churned, 0) as churned
    from days
    inner join member_groups
        on
            days.compared_by = member_groups.compared_by
            and days.compared_type = member_groups.compared_type
    left join {{ ends }} as ends
        on
            days.compared_by = ends.compared_by
            and days.compared_type = ends.compared_type
            and days.days = ends.days
            and member_groups.group_name = ends.group_name

),

at_risk as (

    select
        *,
        sum(customers) over (
            partition by compared_by, compared_type, group_name order by days desc
            rows between unbounded preceding and current row
        ) as at_risk
    from every_day

),

with_all as (

    select
        *,
        cast(sum(churned) over of_day as {{ type_double() }}) as all_churned,
        cast(sum(at_risk) over of_day as {{ type_double() }}) as all_at_risk
    from at_risk
    window of_day as (partition by compared_by, compared_type, days)

),

-- Given how many churn on a day, how many of the group do is hypergeometric: drawn without putting back.
drawn as (

    select
        *,
        at_risk / all_at_risk as at_risk_share,
        (all_at_risk - all_churned) / nullif(all_at_risk - 1, 0) as finite_correction
    from with_all

),

tested as (

    select
        compared_by,
        compared_type,
        group_name,
        sum(customers) as customers,
        sum(churned) as churned,
        sum(all_churned * at_risk_share) as expected_churned,
        sum(all_churned * at_risk_share * (1 - at_risk_share) * finite_correction) as variance
    from drawn
    group by compared_by, compared_type, group_name

),

log_rank_tests as (

    select
        *,
        case
            when variance > 0.000000001
                then (churned - expected_churned) * (churned - expected_churned) / variance
        end as chi_square
    from tested

)
{%- endmacro %}
