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
        {{ as_total('sum(case when purchased_on > first_purchase_on and net_amount > 0 then net_amount else 0 end)') }}
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
    BG/NBD: the orders to expect of a customer who is still there, as CTEs over two: of `buyers` (customer_type,
    r, alpha, a, b as doubles, repeat_purchase_days, age_days), each once, and of `horizons` (customer_type,
    horizon_days). The last one is `expected` (customer_type, repeat_purchase_days, age_days, horizon_days,
    expected_orders).

    Of such a customer the chance p to leave after an order is Beta(a, b + x) and the pace Gamma(r + x,
    alpha + T), so the orders within t are the mean over p of (1 - (1 + p u)^-(r + x)) / p, where u is
    t / (alpha + T), the reach: a curve of one variable for all with one x.

    The mean is a sum over nodes of p: the log-odds of p, stretched so that the density falls off twice
    exponentially at both ends, taken at equal steps and weighed by their own sum. No gamma function and
    nothing that is singular; 40 nodes give six digits and more (docs/value.md).

    The curve and its slope are computed at the ends of short pieces of it, where somebody's reach lies, and
    between them a cubic goes through. Whatever the fit, the curve is a mean of (1 - exp(-k u)) / k over k > 0,
    and of each of these the cubic is off by at most (1 / pieces)^4 / 75 of it: eight digits.

    Rows are distinct as they are: the word keeps Postgres from computing a step anew wherever the next
    one uses it.
-#}
{% macro expected_orders(buyers, horizons, nodes=40, pieces=32) -%}
stretches as (

    select
        customer_type,
        repeat_purchase_days,
        max(r) + repeat_purchase_days as n,
        max(a) as a,
        max(b) + repeat_purchase_days as c,
        least(1, sqrt(1 / max(a) + 1 / (max(b) + repeat_purchase_days))) as pace
    from {{ buyers }}
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
        repeat_purchase_days,
        n
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

reaches as (

    select
        asked.customer_type,
        asked.repeat_purchase_days,
        asked.age_days,
        ahead.horizon_days,
        ahead.horizon_days / (asked.alpha + asked.age_days) as reach
    from {{ buyers }} as asked
    inner join {{ horizons }} as ahead
        on asked.customer_type = ahead.customer_type

),

{#- Pieces of the logarithm: as many for whoever has bought for a week as for whoever has for years. -#}
placed as (

    select
        *,
        cast(floor({{ pieces }} * ln(greatest(reach, 0.000000001))) as {{ dbt.type_int() }}) as piece
    from reaches

),

pieces as (

    select distinct
        customer_type,
        repeat_purchase_days,
        piece
    from placed

),

edges as (

    select
        customer_type,
        repeat_purchase_days,
        piece as edge
    from pieces
    union
    select
        customer_type,
        repeat_purchase_days,
        piece + 1 as edge
    from pieces

),

places as (

    select distinct
        *,
        exp(cast(edge as {{ type_double() }}) / {{ pieces }}) as reach
    from edges

),

{#- Where p is small the difference from 1 would lose its digits: four terms of the series. -#}
curve as (

    select distinct
        places.customer_type,
        places.repeat_purchase_days,
        places.edge,
        places.reach,
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
        ) / total_weight as orders,
        n * (
            {%- for node in range(nodes) %}
            {{ '+ ' if not loop.first }}weight_{{ node }} * {{ bounded_exp(
                '-(n + 1) * ln(1 + p_' ~ node ~ ' * reach)'
            ) }}
            {%- endfor %}
        ) / total_weight as slope
    from places
    inner join totals
        on
            places.customer_type = totals.customer_type
            and places.repeat_purchase_days = totals.repeat_purchase_days

),

{#- orders + way * (rise + way * (bend + way * twist)), where way is 0 at the lower edge and 1 at the upper. -#}
cubics as (

    select
        lower_edges.customer_type,
        lower_edges.repeat_purchase_days,
        lower_edges.edge as piece,
        lower_edges.reach as lower_reach,
        upper_edges.reach - lower_edges.reach as length,
        lower_edges.orders as orders,
        (upper_edges.reach - lower_edges.reach) * lower_edges.slope as rise,
        3 * (upper_edges.orders - lower_edges.orders)
        - (upper_edges.reach - lower_edges.reach) * (2 * lower_edges.slope + upper_edges.slope) as bend,
        (upper_edges.reach - lower_edges.reach) * (lower_edges.slope + upper_edges.slope)
        - 2 * (upper_edges.orders - lower_edges.orders) as twist
    from curve as lower_edges
    inner join curve as upper_edges
        on
            lower_edges.customer_type = upper_edges.customer_type
            and lower_edges.repeat_purchase_days = upper_edges.repeat_purchase_days
            and lower_edges.edge + 1 = upper_edges.edge

),

travelled as (

    select
        placed.customer_type,
        placed.repeat_purchase_days,
        placed.age_days,
        placed.horizon_days,
        cubics.orders,
        cubics.rise,
        cubics.bend,
        cubics.twist,
        (placed.reach - cubics.lower_reach) / cubics.length as way
    from placed
    inner join cubics
        on
            placed.customer_type = cubics.customer_type
            and placed.repeat_purchase_days = cubics.repeat_purchase_days
            and placed.piece = cubics.piece

),

expected as (

    select
        customer_type,
        repeat_purchase_days,
        age_days,
        horizon_days,
        orders + way * (rise + way * (bend + way * twist)) as expected_orders
    from travelled

)
{%- endmacro %}

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
