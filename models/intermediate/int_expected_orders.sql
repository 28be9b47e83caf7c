{#- Every week of a year, and the days that customer_value looks ahead. -#}
{%- set horizons = (range(7, 365, 7) | list + value_horizons()) | sort -%}
with

parameters as (

    select
        customer_type,
        {{ as_doubles(['r', 'alpha', 'a', 'b']) }}
    from {{ ref('int_value_parameters') }}
    where is_in_force

),

-- Customers with one frequency and age expect the same as long as they are there: computed once.
alike as (

    select distinct
        customer_type,
        repeat_purchase_days,
        age_days
    from {{ ref('int_buyers_at_as_of') }}

),

horizons as (

    {% for days in horizons -%}
    select {{ days }} as horizon_days
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

points as (

    select
        parameters.customer_type,
        parameters.r,
        parameters.alpha,
        parameters.a,
        parameters.b,
        alike.repeat_purchase_days,
        alike.age_days,
        horizons.horizon_days
    from alike
    inner join parameters
        on alike.customer_type = parameters.customer_type
    cross join horizons

),

{{ expected_orders('points') }},

rounded as (

    select
        customer_type,
        repeat_purchase_days,
        age_days,
        horizon_days,
        case when mod(horizon_days, 7) = 0 then 1 else 0 end as is_week,
        cast(expected_orders as decimal(28, 8)) as expected_orders
    from expected

),

-- What a week brings counts at its end, what is left of a horizon after its weeks at the horizon.
increments as (

    select
        *,
        expected_orders - coalesce(
            max(case when is_week = 1 then expected_orders end) over (
                partition by customer_type, repeat_purchase_days, age_days
                order by horizon_days
                rows between unbounded preceding and 1 preceding
            ), 0
        ) as new_orders
    from rounded

),

discounted_increments as (

    select
        *,
        cast(
            new_orders
            * exp(-ln(1 + cast({{ var('annual_discount_rate') }} as {{ type_double() }})) * horizon_days / 364)
            as decimal(28, 8)
        ) as discounted_new_orders
    from increments

),

discounted as (

    select
        customer_type,
        repeat_purchase_days,
        age_days,
        horizon_days,
        expected_orders,
        cast(
            case when is_week = 0 then discounted_new_orders else 0 end
            + coalesce(sum(case when is_week = 1 then discounted_new_orders end) over (
                partition by customer_type, repeat_purchase_days, age_days
                order by horizon_days
                rows between unbounded preceding and current row
            ), 0) as decimal(28, 8)
        ) as discounted_orders
    from discounted_increments

)

select * from discounted
