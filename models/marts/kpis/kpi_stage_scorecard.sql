with

targets as (

    select * from {{ ref('kpi_targets') }}

),

months as (

    select
        month_start_on,
        is_month_complete
    from {{ ref('dim_dates') }}
    group by month_start_on, is_month_complete

),

measured as (

    select * from {{ ref('kpi_metric_months') }}

),

-- A month of which the mart has no row had nobody to speak of; while it lasts, somebody may come.
every_month as (

    select
        targets.metric,
        targets.stage,
        months.month_start_on,
        coalesce(measured.is_mature, months.is_month_complete) as is_mature,
        measured.numerator,
        measured.denominator,
        measured.actual,
        lag(measured.actual) over months_of_metric as previous_actual,
        targets.target,
        targets.tolerance,
        targets.benchmark,
        targets.direction,
        targets.is_customer_outcome,
        targets.owner,
        targets.department,
        targets.review_interval_days,
        case targets.direction when 'up' then 1 else -1 end as sign
    from targets
    cross join months
    left join measured
        on
            targets.metric = measured.metric
            and targets.stage = measured.stage
            and months.month_start_on = measured.month_start_on
    window months_of_metric as (partition by targets.metric, targets.stage order by months.month_start_on)

),

compared as (

    select
        *,
        actual - previous_actual as actual_change,
        sign * (target - actual) as missed_by,
        sign * (previous_actual - actual) as fell_by
    from every_month

),

described as (

    select
        month_start_on,
        stage,
        metric,
        is_mature,
        numerator,
        denominator,
        actual,
        previous_actual,
        cast(actual_change as decimal(28, 6)) as actual_change,
        fell_by > coalesce(tolerance, 0) as is_worse,
        target,
        tolerance,
        benchmark,
        direction,
        case
            when not is_mature then 'not_mature'
            when actual is null then 'not_known'
            when target is null then 'no_target'
            when missed_by <= 0 then 'on_target'
            when missed_by <= coalesce(tolerance, 0) then 'within_tolerance'
            else 'off_target'
        end as status,
        is_customer_outcome,
        owner,
        department,
        review_interval_days
    from compared

)

select * from described
