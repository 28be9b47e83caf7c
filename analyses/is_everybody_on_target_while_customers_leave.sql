-- Is everybody on target while the customers leave? Each department looks well by its own numbers: so many of its
-- metrics are off target. Beside them what is nobody's alone: who stays, who churns.
with

scorecard as (

    select * from {{ ref('kpi_stage_scorecard') }}

),

months as (

    select
        month_start_on,
        max(case when metric = 'stage_retention_rate' then actual end) as stage_retention_rate,
        max(case when metric = 'stage_retention_rate' then target end) as stage_retention_target,
        max(case when metric = 'churn_rate' then actual end) as churn_rate,
        max(case when metric = 'churn_rate' then target end) as churn_target
    from scorecard
    group by month_start_on

),

misses as (

    select
        month_start_on,
        count(*) as metrics_off_target
    from scorecard
    where status = 'off_target' and not is_customer_outcome
    group by month_start_on

)

select
    blind_spots.month_start_on,
    blind_spots.departments,
    blind_spots.departments_on_target,
    coalesce(misses.metrics_off_target, 0) as metrics_off_target,
    months.stage_retention_rate,
    months.stage_retention_target,
    months.churn_rate,
    months.churn_target,
    blind_spots.failing_outcomes,
    blind_spots.is_blind_spot
from {{ ref('kpi_blind_spots') }} as blind_spots
inner join months
    on blind_spots.month_start_on = months.month_start_on
left join misses
    on blind_spots.month_start_on = misses.month_start_on
where blind_spots.is_blind_spot is not null
order by blind_spots.month_start_on
