{#-
    Estimate the shop's figures from what was bought before the cut-off and append them to the raw
    table `fitted_parameters`, so that a fit is a visible event and not a side effect of a build.

    `lifecycle fit --cut-off 2025-01-31`; without a cut-off, the as_of of the last build. The next
    build uses the newest fit with a cut-off up to its own as_of. Means and quantiles are SQL; `found`
    are the rows that lifecycle/fit.py found from `fit_inputs`. All are appended by one statement.
-#}
{% macro fit(cut_off=none, found=[]) %}
    {%- do check_fit() -%}
    {%- set raw_schema = var('raw_schema', var('schema_prefix') ~ 'raw') -%}
    {%- set table = raw_schema ~ '.fitted_parameters' -%}
    {%- set until = fit_until(cut_off) -%}
    {%- do run_query('create schema if not exists ' ~ raw_schema) -%}
    {%- do run_query(
        'create table if not exists ' ~ table ~ ' ('
        ~ 'parameter ' ~ dbt.type_string() ~ ', customer_type ' ~ dbt.type_string()
        ~ ', value ' ~ sql_type('number') ~ ', cut_off ' ~ dbt.type_timestamp()
        ~ ', sample_size ' ~ dbt.type_bigint() ~ ', diagnostics ' ~ dbt.type_string()
        ~ ', fitted_at ' ~ dbt.type_timestamp() ~ ')'
    ) -%}
    {#- Fits of before kept four places, which is too few for a parameter. -#}
    {%- if run_query(
        "select 1 from information_schema.columns where table_schema = '" ~ raw_schema
        ~ "' and table_name = 'fitted_parameters' and column_name = 'value' and numeric_scale < 12"
    ).rows | length > 0 -%}
        {%- do run_query('alter table ' ~ table ~ ' alter column value type ' ~ sql_type('number')) -%}
    {%- endif -%}
    {%- do run_query(
        'insert into ' ~ table
        ~ ' (parameter, customer_type, value, cut_off, sample_size, diagnostics, fitted_at) '
        ~ fitted_parameters_query(until, found, run_started_at)
    ) -%}
    {%- do keep_changes() -%}
    {%- set fitted = run_query(
        'select parameter, customer_type, value, sample_size from ' ~ table
        ~ ' where fitted_at = ' ~ instant_literal(run_started_at) ~ ' order by 1, 2'
    ) -%}
    {%- do log('Fitted on purchases before ' ~ until ~ ' UTC:', info=true) -%}
    {%- for row in fitted.rows -%}
        {%- do log('  ' ~ row[0] ~ ' ' ~ row[1] ~ ': ' ~ row[2] ~ ' (from ' ~ row[3] ~ ' observations)', info=true) -%}
    {%- endfor -%}
{% endmacro %}

{#-
    Says, as JSON, the cut-off and the queries of the grouped statistics that lifecycle/fit.py fits:
    how often, and for how much.
-#}
{% macro fit_inputs(cut_off=none, of_sample=false) %}
    {%- do check_fit() if not of_sample -%}
    {%- set until = fit_until(cut_off) -%}
    {%- do log(tojson({
        'cut_off': until | string,
        'orders': fit_statistics_query(until, [
            'repeat_purchase_days', 'first_to_last_days',
            dbt.datediff('first_purchase_on', business_date(instant_literal(until) ~ " - interval '1' second"), 'day'),
        ]),
        'values': fit_statistics_query(until, [
            'valued_repeat_days', 'cast(repeat_amount as ' ~ type_double() ~ ')',
        ], 'valued_repeat_days > 0'),
    }), info=true) -%}
{% endmacro %}

{#- Postgres holds a run-operation in a transaction that dbt does not commit. -#}
{% macro keep_changes() -%}
    {{ return(adapter.dispatch('keep_changes', 'customer_lifecycle')()) }}
{%- endmacro %}

{% macro default__keep_changes() %}
{% endmacro %}

{% macro postgres__keep_changes() %}
    {%- do run_query('commit') -%}
{% endmacro %}

{% macro check_fit() %}
    {%- if var('use_sample') -%}
        {{ exceptions.raise_compiler_error(
            "The fitted parameters of the sample company are the seed "
            ~ "seeds/sample/sample_fitted_parameters.csv. Load your own data before you fit."
        ) }}
    {%- endif -%}
{% endmacro %}

{#- The instant before which purchases count. -#}
{% macro fit_until(cut_off) %}
    {{ return(
        instant(cut_off, 'The cut-off')
        or run_query('select as_of from ' ~ ref('int_as_of')).columns[0].values()[0]
    ) }}
{% endmacro %}
