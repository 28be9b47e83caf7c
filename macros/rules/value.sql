{#-
    What the models of customer value need to know of a customer, as CTEs over a CTE of rows of
    int_purchase_moments. Several orders on one business day are one purchase day; the first is no
    repeat; a day counts for the value of a purchase only when something is left of it.
-#}
{% macro purchase_statistics(moments) -%}
purchase_days as (

    select
        customer_id,
        customer_type,
        purchased_on,
        sum(net_amount) as net_amount
    from {{ moments }}
    group by customer_id, customer_type, purchased_on

),

days_since_the_first as (

    select
        *,
        min(purchased_on) over (partition by customer_id) as first_purchase_on
    from purchase_days

),

statistics as (

    select
        customer_id,
        max(customer_type) as customer_type,
        max(first_purchase_on) as first_purchase_on,
        max(purchased_on) as last_purchase_on,
        cast(count(*) - 1 as {{ dbt.type_bigint() }}) as repeat_purchase_days,
        cast({{ dbt.datediff('min(purchased_on)', 'max(purchased_on)', 'day') }} as {{ dbt.type_bigint() }})
            as first_to_last_days,
        cast(
            sum(case when purchased_on > first_purchase_on and net_amount > 0 then 1 else 0 end)
            as {{ dbt.type_bigint() }}
        ) as valued_repeat_days,
        {{ to_total('sum(case when purchased_on > first_purchase_on and net_amount > 0 then net_amount else 0 end)') }}
            as repeat_amount
    from days_since_the_first
    group by customer_id

)
{%- endmacro %}

{#- Columns as doubles under their own names. -#}
{% macro as_doubles(columns) -%}
    {%- for column in columns -%}
        cast({{ column }} as {{ type_double() }}) as {{ column }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- e to the power of x; what is too small or too large for the engine stays at the brink of it. -#}
{% macro bounded_exp(x) -%}
    exp(least(greatest({{ x }}, -700), 700))
{%- endmacro %}

{#- ln(1 + e^x), whatever x. -#}
{% macro log_one_plus_exp(x) -%}
    (greatest({{ x }}, 0) + ln(1 + {{ bounded_exp('-abs(' ~ x ~ ')') }}))
{%- endmacro %}

{#- BG/NBD: the probability that a customer will order again at all. -#}
{% macro alive_probability(x, first_to_last, age) -%}
    case
        when {{ x }} = 0 then 1
        else 1 / (
            1 + a / (b + {{ x }} - 1) * {{ bounded_exp(
                '(r + ' ~ x ~ ') * (ln(alpha + ' ~ age ~ ') - ln(alpha + ' ~ first_to_last ~ '))'
            ) }}
        )
    end
{%- endmacro %}

{#- BG/NBD: of a customer who is still there, the probability of no order within so many days. -#}
{% macro silent_probability(x, age, days) -%}
    {{ bounded_exp('(r + ' ~ x ~ ') * (ln(alpha + ' ~ age ~ ') - ln(alpha + ' ~ age ~ ' + ' ~ days ~ '))') }}
{%- endmacro %}

{#- Gamma-Gamma: the mean value of a purchase day to come. -#}
{% macro mean_purchase_value(x, amount) -%}
    (p * (v + cast({{ amount }} as {{ type_double() }})) / (p * {{ x }} + q - 1))
{%- endmacro %}

{#-
    BG/NBD: the orders to expect of a customer who is still there, as CTEs over a CTE
    (customer_type, r, alpha, a, b as doubles, repeat_purchase_days, age_days, horizon_days); the last
    one, `expected`, adds expected_orders.

    Of such a customer the chance p to leave after an order is Beta(a, b + x) and the pace Gamma(r + x,
    alpha + T), so the orders within t are the mean over p of (1 - (1 + p t / (alpha + T))^-(r + x)) / p.
    The mean is a sum over nodes of p, the same for all with one x: the log-odds of p, stretched so that
    the density falls off twice exponentially at both ends, taken at equal steps and weighed by their own
    sum. No gamma function and nothing that is singular; 40 nodes give six digits and more (docs/value.md).
    Rows are distinct as they are: the word keeps Postgres from computing a step anew wherever the next
    one uses it.
-#}
{% macro expected_orders(points, nodes=40) -%}
stretches as (

    select
        customer_type,
        repeat_purchase_days,
        max(a) as a,
        max(b) + repeat_purchase_days as c,
        least(1, sqrt(1 / max(a) + 1 / (max(b) + repeat_purchase_days))) as pace
    from {{ points }}
    group by customer_type, repeat_purchase_days

),

ends as (

    select
        *,
        ln(a / c) as middle,
        ln(1 + 2 / pace * (22 / a + 6.6 / sqrt(a) + ln(1 + 22 / c))) as lower_end,
        ln(1 + 2 / pace * (22 / c + 6.6 / sqrt(c) + ln(1 + 22 / a))) as upper_end
    from stretches

),

steps as (

    select distinct
        *
        {%- for node in range(nodes) %},
        (lower_end + upper_end) * {{ node }} / {{ nodes - 1 }} - lower_end as step_{{ node }}
        {%- endfor %}
    from ends

),

log_odds as (

    select distinct
        *
        {%- for node in range(nodes) %},
        middle + pace * (step_{{ node }} + (exp(step_{{ node }}) - exp(-step_{{ node }})) / 2) as odds_{{ node }}
        {%- endfor %}
    from steps

),

nodes as (

    select distinct
        customer_type,
        repeat_purchase_days
        {%- for node in range(nodes) %},
        1 / (1 + {{ bounded_exp('-odds_' ~ node) }}) as p_{{ node }},
        {{ bounded_exp(
            'a * (odds_' ~ node ~ ' - middle) - (a + c) * (' ~ log_one_plus_exp('odds_' ~ node)
            ~ ' - ' ~ log_one_plus_exp('middle') ~ ')'
        ) }} * (1 + (exp(step_{{ node }}) + exp(-step_{{ node }})) / 2) as weight_{{ node }}
        {%- endfor %}
    from log_odds

),

totals as (

    select distinct
        *,
        {% for node in range(nodes) %}{{ ' + ' if not loop.first }}weight_{{ node }}{% endfor %} as total_weight
    from nodes

),

relative_points as (

    select
        *,
        r + repeat_purchase_days as n,
        horizon_days / (alpha + age_days) as reach
    from {{ points }}

),

{#- Where p is small the difference from 1 would lose its digits: four terms of the series. -#}
expected as (

    select
        relative_points.customer_type,
        relative_points.repeat_purchase_days,
        relative_points.age_days,
        relative_points.horizon_days,
        (
            {%- for node in range(nodes) %}
            {%- set q = '(p_' ~ node ~ ' * reach)' %}
            {{ '+ ' if not loop.first }}weight_{{ node }} * case
                when (n + 3) * {{ q }} < 0.001
                    then n * reach * (
                        1 - (n + 1) / 2 * {{ q }} * (1 - (n + 2) / 3 * {{ q }} * (1 - (n + 3) / 4 * {{ q }}))
                    )
                else (1 - {{ bounded_exp('-n * ln(1 + ' ~ q ~ ')') }}) / p_{{ node }}
            end
            {%- endfor %}
        ) / total_weight as expected_orders
    from relative_points
    inner join totals
        on
            relative_points.customer_type = totals.customer_type
            and relative_points.repeat_purchase_days = totals.repeat_purchase_days

)
{%- endmacro %}

{#- How far ahead customer_value looks, in days. -#}
{% macro value_horizons() -%}
    {{ return([30, 90, 180, 365]) }}
{%- endmacro %}
