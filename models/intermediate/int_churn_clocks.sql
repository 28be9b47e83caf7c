{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'buyers']]
) }}

with

moments as (

    select * from {{ ref('int_purchase_moments') }}
    where {{ touched() }}

),

thresholds as (

    select * from {{ ref('lifecycle_thresholds') }}

),

parameters as (

    select * from {{ ref('int_parameters') }}

),

population as (

    select
        customer_type,
        max(case when parameter = 'population_decline_days' then value end) as decline_days,
        max(case when parameter = 'population_churn_days' then value end) as churn_days
    from parameters
    group by customer_type

),

-- Purchase days of the customers whose own rhythm sets the clock.
purchase_days as (

    select
        moments.customer_id,
        moments.customer_type,
        moments.purchased_on
    from moments
    inner join thresholds
        on moments.customer_type = thresholds.customer_type
    where thresholds.threshold_mode = 'personal'
    group by moments.customer_id, moments.customer_type, moments.purchased_on

),

numbered as (

    select
        *,
        row_number() over life as day_number,
        {{ dbt.datediff('lag(purchased_on) over life', 'purchased_on', 'day') }} as gap_days
    from purchase_days
    window life as (partition by customer_id order by purchased_on)

),

-- The last ten gaps as known on each purchase day.
rhythms as (

    select
        today.customer_id,
        today.customer_type,
        today.purchased_on,
        today.day_number - 1 as gaps,
        percentile_cont(0.5) within group (
            order by cast(past.gap_days as {{ type_double() }})
        ) as median_gap_days
    from numbered as today
    inner join numbered as past
        on
            today.customer_id = past.customer_id
            and past.day_number > today.day_number - 10
            and past.day_number <= today.day_number
            and past.gap_days is not null
    group by today.customer_id, today.customer_type, today.purchased_on, today.day_number

),

personal as (

    select
        rhythms.customer_id,
        rhythms.purchased_on,
        {{ clamped_days('rhythms.median_gap_days * thresholds.personal_decline_factor',
            'thresholds.min_decline_days', 'thresholds.max_decline_days') }} as decline_days,
        {{ clamped_days('rhythms.median_gap_days * thresholds.personal_churn_factor',
            'thresholds.min_churn_days', 'thresholds.max_churn_days') }} as churn_days
    from rhythms
    inner join thresholds
        on rhythms.customer_type = thresholds.customer_type
    where rhythms.gaps >= thresholds.personal_min_gaps

),

clocks as (

    select
        moments.customer_id,
        moments.moment_number,
        case
            when personal.customer_id is not null then 'personal'
            when
                thresholds.threshold_mode = 'population'
                and population.decline_days is not null
                and population.churn_days is not null
                then 'population'
            else 'fixed'
        end as threshold_mode,
        personal.decline_days as personal_decline_days,
        personal.churn_days as personal_churn_days,
        rhythms.gaps as known_gaps,
        rhythms.median_gap_days,
        population.decline_days as population_decline_days,
        population.churn_days as population_churn_days,
        thresholds.decline_days as fixed_decline_days,
        thresholds.churn_days as fixed_churn_days
    from moments
    inner join thresholds
        on moments.customer_type = thresholds.customer_type
    left join rhythms
        on
            moments.customer_id = rhythms.customer_id
            and moments.purchased_on = rhythms.purchased_on
    left join personal
        on
            moments.customer_id = personal.customer_id
            and moments.purchased_on = personal.purchased_on
    left join population
        on moments.customer_type = population.customer_type

),

chosen as (

    select
        customer_id,
        moment_number,
        threshold_mode,
        cast(
            case threshold_mode
                when 'personal' then personal_decline_days
                when 'population' then population_decline_days
                else fixed_decline_days
            end as {{ dbt.type_int() }}
        ) as decline_days,
        cast(
            case threshold_mode
                when 'personal' then personal_churn_days
                when 'population' then population_churn_days
                else fixed_churn_days
            end as {{ dbt.type_int() }}
        ) as churn_days,
        cast(known_gaps as {{ dbt.type_bigint() }}) as known_gaps,
        {{ double_to_money('median_gap_days') }} as median_gap_days
    from clocks

)

select * from chosen
