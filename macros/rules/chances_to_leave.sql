{#-
    BG/NBD: the chance p to leave after an order of a customer who is still there, Beta(a, b + x), as nodes that a
    mean over p is summed over. CTEs over one of `buyers`; the last one is `totals`, one row per x, with p_0 ...,
    weight_0 ..., their total_weight, and n = r + x.

    The nodes are the log-odds of p, stretched so that the density falls off twice
    exponentially at both ends, taken at equal steps and weighed by their own sum. No gamma function and
    nothing that is singular; 40 nodes give six digits and more (docs/value.md).

    Rows are distinct as they are: the word keeps Postgres from computing a step anew wherever the next
    one uses it.
-#}
{% macro chances_to_leave(buyers, nodes) -%}
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

)
{%- endmacro %}
