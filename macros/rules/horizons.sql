{#-
    What a day ahead counts for in the discounted orders of each horizon, as a CTE: a row per week up to the
    longest horizon, and per horizon. What a week brings counts at its end, what is left of a horizon after
    its weeks at the horizon; a year has 52 weeks. So a horizon is the sum over the weeks k of
    d(k) * (E(k) - E(k - 1)), which sorted by E is that of (d(k) - d(k + 1)) * E(k): no window is needed.
-#}
{% macro horizon_weights(horizons) -%}
    {%- set discount = 1 / (1 + var('annual_discount_rate') | float) -%}
    {%- set ends = (range(7, horizons | max + 1, 7) | list + horizons) | unique | sort -%}
horizon_weights as (

    {% for end in ends -%}
    select
        {{ end }} as horizon_days
        {%- for horizon in horizons %}
        {%- set next_end = [end + 7, horizon] | min %}
        {%- if end == horizon %}
        {%- set weight = discount ** (end / 364) %}
        {%- elif end < horizon and end % 7 == 0 %}
        {%- set weight = discount ** (end / 364) - discount ** (next_end / 364) %}
        {%- else %}
        {%- set weight = 0 %}
        {%- endif %},
        cast({{ weight }} as {{ type_double() }}) as weight_{{ horizon }}
        {%- endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)
{%- endmacro %}

{#-
    Orders to expect within each horizon, plain and discounted, in columns of their own, as a CTE over the CTEs
    `expected` and `horizon_weights`: one row per customer type, repeat purchase days and age.
-#}
{% macro orders_within(horizons) -%}
orders_within as (

    select
        expected.customer_type,
        expected.repeat_purchase_days,
        expected.age_days
        {%- for horizon in horizons %},
        max(case when expected.horizon_days = {{ horizon }} then cast(expected.expected_orders as decimal(28, 8)) end)
            as expected_orders_{{ horizon }},
        cast(sum(cast(expected.expected_orders * horizon_weights.weight_{{ horizon }} as decimal(28, 8)))
            as decimal(28, 8)) as discounted_orders_{{ horizon }}
        {%- endfor %}
    from expected
    inner join horizon_weights
        on expected.horizon_days = horizon_weights.horizon_days
    group by expected.customer_type, expected.repeat_purchase_days, expected.age_days

)
{%- endmacro %}

{#- How far ahead customer_value looks, in days. -#}
{% macro value_horizons() -%}
    {{ return([30, 90, 180, 365]) }}
{%- endmacro %}
