with

parameters as (

    select
        customer_type,
        cut_off,
        cut_off_on,
        {{ as_doubles(['r', 'alpha', 'a', 'b', 'p', 'q', 'v']) }}
    from {{ ref('int_value_parameters') }}
    where is_back_tested

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

all_moments as (

    select * from {{ ref('int_purchase_moments') }}

),

-- What the fit knew: nothing from its cut-off on.
moments as (

    select all_moments.*
    from all_moments
    inner join parameters
        on
            all_moments.customer_type = parameters.customer_type
            and all_moments.purchased_at < parameters.cut_off

),

{{ purchase_statistics('moments') }},

later_moments as (

    select
        all_moments.customer_id,
        count(distinct all_moments.purchased_on) as purchase_days,
        sum(all_moments.net_amount) as net_amount
    from all_moments
    inner join parameters
        on
            all_moments.customer_type = parameters.customer_type
            and all_moments.purchased_at >= parameters.cut_off
    inner join as_of
        on all_moments.purchased_at < as_of.as_of
    group by all_moments.customer_id

),

aged as (

    select
        statistics.*,
        parameters.cut_off,
        parameters.r,
        parameters.alpha,
        parameters.a,
        parameters.b,
        parameters.p,
        parameters.q,
        parameters.v,
        {{ dbt.datediff('statistics.first_purchase_on', 'parameters.cut_off_on', 'day') }} as age_days,
        {{ dbt.datediff('parameters.cut_off_on', 'as_of.as_of_on', 'day') }} as horizon_days
    from statistics
    inner join parameters
        on statistics.customer_type = parameters.customer_type
    cross join as_of

),

buyers as (

    select distinct
        customer_type,
        r,
        alpha,
        a,
        b,
        repeat_purchase_days,
        age_days
    from aged

),

horizons as (

    select distinct
        customer_type,
        horizon_days
    from aged

),

{{ expected_orders('buyers', 'horizons') }},

predicted as (

    select
        aged.customer_id,
        aged.customer_type,
        aged.cut_off,
        cast(aged.repeat_purchase_days as {{ dbt.type_bigint() }}) as repeat_purchase_days,
        cast(aged.first_to_last_days as {{ dbt.type_bigint() }}) as first_to_last_days,
        cast(aged.age_days as {{ dbt.type_bigint() }}) as age_days,
        cast(aged.horizon_days as {{ dbt.type_bigint() }}) as horizon_days,
        cast(
            {{ alive_probability('aged.repeat_purchase_days', 'aged.first_to_last_days', 'aged.age_days') }}
            * expected.expected_orders as decimal(18, 6)
        ) as expected_orders,
        cast(coalesce(later_moments.purchase_days, 0) as {{ dbt.type_bigint() }}) as actual_orders,
        {{ double_to_money(
            alive_probability('aged.repeat_purchase_days', 'aged.first_to_last_days', 'aged.age_days')
            ~ ' * expected.expected_orders * '
            ~ mean_purchase_value('aged.valued_repeat_days', 'aged.repeat_amount')
        ) }} as expected_amount,
        {{ as_total('coalesce(later_moments.net_amount, 0)') }} as actual_amount
    from aged
    inner join expected
        on
            aged.customer_type = expected.customer_type
            and aged.repeat_purchase_days = expected.repeat_purchase_days
            and aged.age_days = expected.age_days
    left join later_moments
        on aged.customer_id = later_moments.customer_id

),

ranked as (

    select
        *,
        count(*) over (partition by customer_type) as customers,
        rank() over (partition by customer_type order by expected_orders desc) as place
    from predicted

),

described as (

    select
        customer_id,
        customer_type,
        cut_off,
        repeat_purchase_days,
        first_to_last_days,
        age_days,
        horizon_days,
        expected_orders,
        actual_orders,
        expected_amount,
        actual_amount,
        -- Equal expectations share a decile.
        cast(1 + floor(cast(10 * (place - 1) as {{ type_double() }}) / customers) as {{ dbt.type_int() }}) as decile
    from ranked

)

select * from described
