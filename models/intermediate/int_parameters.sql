with

fitted as (

    select * from {{ ref('stg_fitted_parameters') }}

),

thresholds as (

    select * from {{ ref('lifecycle_thresholds') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

-- A fit counts from its cut-off on, and only with enough observations behind it.
usable as (

    select
        fitted.parameter,
        fitted.customer_type,
        fitted.value,
        fitted.cut_off,
        fitted.sample_size,
        row_number() over (
            partition by fitted.parameter, fitted.customer_type
            order by fitted.cut_off desc
        ) as recency
    from fitted
    inner join thresholds
        on fitted.customer_type = thresholds.customer_type
    inner join as_of
        on fitted.cut_off <= as_of.as_of
    where
        fitted.sample_size >= case
            when fitted.parameter like 'population_%' then thresholds.population_min_gaps
            else {{ minimum_repeat_buyers() }}
        end

),

newest as (

    select * from usable
    where recency = 1

),

-- Without one, the documented default, where there is one.
in_force as (

    select
        coalesce(newest.parameter, defaults.parameter) as parameter,
        coalesce(newest.customer_type, defaults.customer_type) as customer_type,
        coalesce(newest.value, defaults.value) as value,
        newest.cut_off,
        newest.sample_size,
        newest.parameter is null as is_default
    from newest
    full outer join {{ ref('parameter_defaults') }} as defaults
        on
            newest.parameter = defaults.parameter
            and newest.customer_type = defaults.customer_type

)

select * from in_force
