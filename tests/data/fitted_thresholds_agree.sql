-- Proves that the fitted days which would end a stage do not contradict each other or the rules, where a
-- customer type takes its thresholds from the population. What to change is in `problem`.
with

fitted as (

    select
        customer_type,
        max(case when parameter = 'population_decline_days' then value end) as decline_days,
        max(case when parameter = 'population_churn_days' then value end) as churn_days
    from {{ ref('int_parameters') }}
    group by customer_type

),

problems as (

    select
        thresholds.customer_type,
        case
            when fitted.decline_days >= fitted.churn_days
                then 'The fitted decline_days are not below churn_days: raise population_churn_quantile.'
            when thresholds.onboarding_days >= fitted.decline_days
                then 'The fitted decline_days are not above onboarding_days: shorten onboarding_days.'
        end as problem
    from {{ ref('lifecycle_thresholds') }} as thresholds
    inner join fitted
        on thresholds.customer_type = fitted.customer_type
    where thresholds.threshold_mode = 'population'

)

select *
from problems
where problem is not null
