{%- set order_parameters = {'r': 'r', 'alpha_days': 'alpha', 'a': 'a', 'b': 'b'} -%}
{%- set value_parameters = ['p', 'q', 'v'] -%}
with

as_of as (

    select * from {{ ref('int_as_of') }}

),

-- A fit counts from its cut-off on, and only with enough customers who repeated behind it.
fitted as (

    select
        fitted.customer_type,
        fitted.cut_off,
        fitted.parameter,
        fitted.value,
        as_of.as_of
    from {{ ref('stg_fitted_parameters') }} as fitted
    inner join as_of
        on fitted.cut_off <= as_of.as_of
    where fitted.sample_size >= {{ minimum_repeat_buyers() }}

),

fits as (

    select
        customer_type,
        cut_off,
        {% for name, column in order_parameters.items() -%}
        max(case when parameter = 'bgnbd_{{ name }}' and value > 0 then value end) as {{ column }},
        {% endfor -%}
        {% for name in value_parameters -%}
        max(case when parameter = 'gamma_gamma_{{ name }}' and value > {{ 1 if name == 'q' else 0 }} then value end)
            as {{ name }},
        {% endfor -%}
        coalesce(max(case when parameter in ('bgnbd_is_degenerate', 'gamma_gamma_is_degenerate') then value end), 0) > 0
            as is_degenerate,
        {{ add_days('max(as_of)', -var('back_test_days')) }} as back_tested_until
    from fitted
    group by customer_type, cut_off

),

complete as (

    select * from fits
    where {{ order_parameters.values() | join(' is not null and ') }} is not null

),

ranked as (

    select
        *,
        row_number() over (partition by customer_type order by cut_off desc) as recency,
        row_number() over (
            partition by customer_type, case when cut_off <= back_tested_until then 1 else 0 end
            order by cut_off desc
        ) as recency_in_group
    from complete

),

described as (

    select
        customer_type,
        cut_off,
        {{ business_date("(cut_off - interval '1' second)") }} as cut_off_on,
        {% for column in order_parameters.values() -%}
        {{ column }},
        {% endfor -%}
        {%- for name in value_parameters %}
        case when p is not null and q is not null and v is not null then {{ name }} end as {{ name }},
        {%- endfor %}
        is_degenerate,
        recency = 1 as is_in_force,
        cut_off <= back_tested_until and recency_in_group = 1 as is_back_tested
    from ranked

)

select * from described
