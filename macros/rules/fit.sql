{#-
    Estimate the shop's figures from what was bought before the cut-off and append them to the raw
    table `fitted_parameters`, so that a fit is a visible event and not a side effect of a build.

    `dbt run-operation fit --args '{cut_off: 2025-01-31}'`; without a cut-off, the as_of of the last
    build. The next build uses the newest fit with a cut-off up to its own as_of.
-#}
{% macro fit(cut_off=none) %}
    {%- if var('use_sample') -%}
        {{ exceptions.raise_compiler_error(
            "The fitted parameters of the sample company are the seed "
            ~ "seeds/sample/sample_fitted_parameters.csv. Load your own data before you fit."
        ) }}
    {%- endif -%}
    {%- set raw_schema = var('raw_schema', var('schema_prefix') ~ 'raw') -%}
    {%- set table = raw_schema ~ '.fitted_parameters' -%}
    {%- if cut_off -%}
        {%- set until = instant(cut_off, 'The cut-off') -%}
    {%- else -%}
        {%- set until = run_query('select as_of from ' ~ ref('int_as_of')).columns[0].values()[0] -%}
    {%- endif -%}
    {%- do run_query('create schema if not exists ' ~ raw_schema) -%}
    {%- do run_query(
        'create table if not exists ' ~ table ~ ' ('
        ~ 'parameter ' ~ dbt.type_string() ~ ', customer_type ' ~ dbt.type_string()
        ~ ', value decimal(18, 4), cut_off ' ~ dbt.type_timestamp()
        ~ ', sample_size ' ~ dbt.type_bigint() ~ ', diagnostics ' ~ dbt.type_string()
        ~ ', fitted_at ' ~ dbt.type_timestamp() ~ ')'
    ) -%}
    {%- do run_query(
        'insert into ' ~ table
        ~ ' (parameter, customer_type, value, cut_off, sample_size, diagnostics, fitted_at) '
        ~ fitted_parameters_query(until)
    ) -%}
    {%- set fitted = run_query(
        'select parameter, customer_type, value, sample_size from ' ~ table
        ~ ' where fitted_at = ' ~ instant_literal(run_started_at) ~ ' order by 1, 2'
    ) -%}
    {%- do log('Fitted on purchases before ' ~ until ~ ' UTC:', info=true) -%}
    {%- for row in fitted.rows -%}
        {%- do log('  ' ~ row[0] ~ ' ' ~ row[1] ~ ': ' ~ row[2] ~ ' (from ' ~ row[3] ~ ' observations)', info=true) -%}
    {%- endfor -%}
{% endmacro %}

{#- What `fit` appends: one row per parameter and customer type, from purchases before the instant. -#}
{% macro fitted_parameters_query(until) %}
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
    {% endfor %}
)

select
    parameter,
    customer_type,
    value,
    {{ instant_literal(until) }} as cut_off,
    sample_size,
    diagnostics,
    {{ instant_literal(run_started_at) }} as fitted_at
from fitted
{% endmacro %}
