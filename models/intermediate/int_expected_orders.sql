{%- set horizons = value_horizons() -%}
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

buyers as (

    select
        parameters.*,
        alike.repeat_purchase_days,
        alike.age_days
    from alike
    inner join parameters
        on alike.customer_type = parameters.customer_type

),

{{ horizon_weights(horizons) }},

horizons as (

    select
        parameters.customer_type,
        horizon_weights.horizon_days
    from parameters
    cross join horizon_weights

),

{{ expected_orders('buyers', 'horizons') }},

{{ orders_within(horizons) }}

select * from orders_within
