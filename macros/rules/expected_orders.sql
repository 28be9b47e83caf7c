{#-
    BG/NBD: the orders to expect of a customer who is still there, as CTEs over two: of `buyers` (customer_type,
    r, alpha, a, b as doubles, repeat_purchase_days, age_days), each once, and of `horizons` (customer_type,
    horizon_days). The last one is `expected` (customer_type, repeat_purchase_days, age_days, horizon_days,
    expected_orders).

    Of such a customer the chance p to leave after an order is Beta(a, b + x) and the pace Gamma(r + x,
    alpha + T), so the orders within t are the mean over p of (1 - (1 + p u)^-(r + x)) / p, where u is
    t / (alpha + T), the reach: a curve of one variable for all with one x.

    The mean is a sum over nodes of p (`chances_to_leave`).

    The curve and its slope are computed at the ends of short pieces of it, where somebody's reach lies, and
    between them a cubic goes through. Whatever the fit, the curve is a mean of (1 - exp(-k u)) / k over k > 0,
    and of each of these the cubic is off by at most (1 / pieces)^4 / 75 of it: eight digits.

    Rows are distinct as they are: the word keeps Postgres from computing a step anew wherever the next
    one uses it.
-#}
{% macro expected_orders(buyers, horizons, nodes=40, pieces=32) -%}
{{ chances_to_leave(buyers, nodes) }},

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

borders as (

    select
        lower_edges.customer_type,
        lower_edges.repeat_purchase_days,
        lower_edges.edge as piece,
        lower_edges.reach as lower_reach,
        upper_edges.reach - lower_edges.reach as length,
        lower_edges.orders,
        upper_edges.orders - lower_edges.orders as gain,
        lower_edges.slope as lower_slope,
        upper_edges.slope as upper_slope
    from curve as lower_edges
    inner join curve as upper_edges
        on
            lower_edges.customer_type = upper_edges.customer_type
            and lower_edges.repeat_purchase_days = upper_edges.repeat_purchase_days
            and lower_edges.edge + 1 = upper_edges.edge

),

{#- orders + way * (rise + way * (bend + way * twist)), where way is 0 at the lower edge and 1 at the upper. -#}
cubics as (

    select
        *,
        length * lower_slope as rise,
        3 * gain - length * (2 * lower_slope + upper_slope) as bend,
        length * (lower_slope + upper_slope) - 2 * gain as twist
    from borders

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
