with

lives as (

    select
        customer_type,
        cohort_year_start_on,
        days,
        case when is_churned then 1 else 0 end as is_churned
    from {{ ref('customer_lives') }}

),

cohorts as (

    select * from lives

    union all

    select
        customer_type,
        cast(null as date) as cohort_year_start_on,
        days,
        is_churned
    from lives

),

days as (

    select
        customer_type,
        cohort_year_start_on,
        days,
        sum(is_churned) as churned,
        count(*) - sum(is_churned) as censored
    from cohorts
    group by customer_type, cohort_year_start_on, days

),

-- Who churns on a day was at risk on it, and so was whose life is known until then.
at_risk as (

    select
        *,
        sum(churned + censored) over (
            partition by customer_type, cohort_year_start_on order by days desc
            rows between unbounded preceding and current row
        ) as at_risk
    from days

),

-- A product of shares is a sum of logarithms. Where the last at risk goes, the curve ends at 0.
summed as (

    select
        *,
        sum(
            case when churned < at_risk then ln(cast(at_risk - churned as {{ type_double() }}) / at_risk) else 0 end
        ) over so_far as log_survival,
        sum(
            case
                when churned < at_risk
                    then cast(churned as {{ type_double() }}) / at_risk / (at_risk - churned)
                else 0
            end
        ) over so_far as relative_variance,
        max(case when churned = at_risk then 1 else 0 end) over so_far as is_over
    from at_risk
    window
        so_far as (
            partition by customer_type, cohort_year_start_on order by days
            rows between unbounded preceding and current row
        )

),

estimated as (

    select
        *,
        case when is_over = 1 then 0 else exp(log_survival) end as survival,
        case when is_over = 0 then exp(log_survival) * sqrt(relative_variance) end as standard_error,
        case
            when is_over = 0 and log_survival < 0
                then 1.959963984540054 * sqrt(relative_variance) / abs(log_survival)
        end as reach
    from summed

),

described as (

    select
        customer_type,
        cohort_year_start_on,
        days,
        cast(at_risk as {{ dbt.type_bigint() }}) as at_risk,
        cast(churned as {{ dbt.type_bigint() }}) as churned,
        cast(censored as {{ dbt.type_bigint() }}) as censored,
        {{ rate('survival', '1') }} as survival_rate,
        {{ rate('standard_error', '1') }} as survival_standard_error_rate,
        {{ rate('exp(log_survival * exp(reach))', '1') }} as survival_low_rate,
        {{ rate('exp(log_survival * exp(-reach))', '1') }} as survival_high_rate,
        min(case when round(cast(survival as decimal(28, 10)), 9) <= 0.5 then days end) over (
            partition by customer_type, cohort_year_start_on
        ) as median_days
    from estimated

)

select * from described
where churned > 0 or censored > 0
