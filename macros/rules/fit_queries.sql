{#- What `fit` appends: one row per parameter and customer type, from purchases before the instant. -#}
{% macro fitted_parameters_query(until, found, fitted_at) %}
{%- set thresholds = run_query(
    'select customer_type, population_decline_quantile, population_churn_quantile from '
    ~ ref('lifecycle_thresholds') ~ ' order by 1'
) -%}
with

moments as (

    select * from {{ ref('int_purchase_moments') }}
    where purchased_at < {{ instant_literal(until) }}

),

buyers as (

    select
        customer_type,
        customer_id,
        count(*) as moments,
        sum(net_amount) as net_amount
    from moments
    group by customer_type, customer_id

),

purchase_days as (

    select
        customer_type,
        customer_id,
        purchased_on
    from moments
    group by customer_type, customer_id, purchased_on

),

gaps as (

    select
        customer_type,
        {{ dbt.datediff(
            'lag(purchased_on) over (partition by customer_id order by purchased_on)', 'purchased_on', 'day'
        ) }} as gap_days
    from purchase_days

),

fitted as (

    select
        'mean_order_value' as parameter,
        customer_type,
        {{ to_money('sum(net_amount) / sum(moments)') }} as value,
        sum(case when moments > 1 then 1 else 0 end) as sample_size,
        'repeat buyers' as diagnostics
    from buyers
    group by customer_type

    union all

    select
        'mean_customer_value' as parameter,
        customer_type,
        {{ to_money('sum(net_amount) / count(*)') }} as value,
        sum(case when moments > 1 then 1 else 0 end) as sample_size,
        'repeat buyers' as diagnostics
    from buyers
    group by customer_type

    {% for row in thresholds.rows -%}
    {% for clock, quantile in [('decline', row[1]), ('churn', row[2])] -%}
    union all

    select
        'population_{{ clock }}_days' as parameter,
        '{{ row[0] }}' as customer_type,
        {{ to_money(
            'floor(percentile_cont(' ~ quantile ~ ') within group (order by cast(gap_days as '
            ~ type_double() ~ ')) + 0.5)'
        ) }} as value,
        count(gap_days) as sample_size,
        'gaps between purchase days, quantile {{ quantile }}' as diagnostics
    from gaps
    where customer_type = '{{ row[0] }}' and gap_days is not null
    having count(gap_days) > 0

    {% endfor -%}
    {% endfor -%}
    {% for row in found -%}
    union all

    select
        '{{ row.parameter }}' as parameter,
        '{{ row.customer_type }}' as customer_type,
        {{ row.value }} as value,
        {{ row.sample_size }} as sample_size,
        '{{ row.diagnostics }}' as diagnostics

    {% endfor %}
)

select
    parameter,
    customer_type,
    cast(value as {{ sql_type('number') }}) as value,
    {{ instant_literal(until) }} as cut_off,
    sample_size,
    diagnostics,
    {{ instant_literal(fitted_at) }} as fitted_at
from fitted
{% endmacro %}

{#- Customers before the instant, grouped by statistics: customer type, statistics, how many. -#}
{% macro fit_statistics_query(until, statistics, condition='1 = 1') %}
{%- set numbers = range(1, statistics | length + 2) | join(', ') -%}
with

moments as (

    select * from {{ ref('int_purchase_moments') }}
    where purchased_at < {{ instant_literal(until) }}

),

{{ purchase_statistics('moments') }}

select
    customer_type,
    {{ statistics | join(', ') }},
    count(*) as customers
from statistics
where {{ condition }}
group by {{ numbers }}
order by {{ numbers }}
{% endmacro %}
