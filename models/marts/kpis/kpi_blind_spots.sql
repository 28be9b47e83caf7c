with

metrics as (

    select
        *,
        case when status in ('on_target', 'within_tolerance', 'off_target') then 1 else 0 end as is_judged,
        case when status = 'off_target' then 1 else 0 end as is_off_target
    from {{ ref('kpi_stage_scorecard') }}

),

-- What each department does, by its own numbers: fewer off target than not.
departments as (

    select
        month_start_on,
        department,
        case when 2 * sum(is_off_target) < sum(is_judged) then 1 else 0 end as is_on_target
    from metrics
    where not is_customer_outcome
    group by month_start_on, department
    having sum(is_judged) > 0

),

departments_together as (

    select
        month_start_on,
        count(*) as departments,
        sum(is_on_target) as departments_on_target
    from departments
    group by month_start_on

),

-- What the customers do.
outcomes as (

    select
        month_start_on,
        sum(case when actual is not null then 1 else 0 end) as outcomes,
        sum(is_off_target) as outcomes_off_target,
        sum(case when is_worse then 1 else 0 end) as outcomes_worse,
        nullif({{ ordered_list("case when is_off_target = 1 or is_worse then metric end") }}, '') as failing_outcomes
    from metrics
    where is_customer_outcome
    group by month_start_on

),

months as (

    select month_start_on from metrics
    group by month_start_on

),

described as (

    select
        months.month_start_on,
        cast(coalesce(departments_together.departments, 0) as {{ dbt.type_bigint() }}) as departments,
        cast(coalesce(departments_together.departments_on_target, 0) as {{ dbt.type_bigint() }})
            as departments_on_target,
        cast(coalesce(outcomes.outcomes, 0) as {{ dbt.type_bigint() }}) as outcomes,
        cast(coalesce(outcomes.outcomes_off_target, 0) as {{ dbt.type_bigint() }}) as outcomes_off_target,
        cast(coalesce(outcomes.outcomes_worse, 0) as {{ dbt.type_bigint() }}) as outcomes_worse,
        outcomes.failing_outcomes,
        case
            when departments_together.departments > 0 and outcomes.outcomes > 0
                then
                    departments_together.departments_on_target = departments_together.departments
                    and outcomes.failing_outcomes is not null
        end as is_blind_spot
    from months
    left join departments_together
        on months.month_start_on = departments_together.month_start_on
    left join outcomes
        on months.month_start_on = outcomes.month_start_on

)

select * from described
