{#-
    The contradictions in `lifecycle_thresholds`, one row each with a sentence in `problem` that says
    what to change. Also prints the sentences: of a test that fails dbt only says how many rows it
    found.
-#}
{% macro threshold_problems(thresholds) %}
{%- set clauses = [
    ("onboarding_days >= decline_days", "onboarding_days must be smaller than decline_days"),
    ("decline_days >= churn_days", "decline_days must be smaller than churn_days"),
    ("onboarding_days >= min_decline_days", "onboarding_days must be smaller than min_decline_days"),
    ("personal_decline_factor >= personal_churn_factor", "personal_decline_factor must be smaller than personal_churn_factor"),
    ("min_decline_days >= min_churn_days", "min_decline_days must be smaller than min_churn_days"),
    ("max_decline_days >= max_churn_days", "max_decline_days must be smaller than max_churn_days"),
    ("min_decline_days > max_decline_days", "min_decline_days must not be larger than max_decline_days"),
    ("min_churn_days > max_churn_days", "min_churn_days must not be larger than max_churn_days"),
    ("population_decline_quantile >= population_churn_quantile", "population_decline_quantile must be smaller than population_churn_quantile"),
    ("population_decline_quantile <= 0 or population_churn_quantile >= 1", "the quantiles must lie between 0 and 1"),
    ("personal_decline_factor <= 0", "personal_decline_factor must be larger than 0"),
    ("personal_min_gaps < 1 or population_min_gaps < 1", "personal_min_gaps and population_min_gaps must be at least 1"),
    ("loyalty_min_orders is null and loyalty_min_amount is null", "loyalty_min_orders or loyalty_min_amount must be given"),
    ("threshold_mode not in ('fixed', 'population', 'personal')", "threshold_mode must be fixed, population or personal"),
    ("customer_type not in ('b2c', 'b2b')", "customer_type must be b2c or b2b"),
] -%}
{%- set days = [
    'onboarding_days', 'decline_days', 'churn_days', 'winback_days', 'prospect_lapse_days', 'loyalty_window_days',
    'advocacy_window_days', 'dissatisfaction_window_days', 'min_decline_days', 'max_decline_days', 'min_churn_days',
    'max_churn_days',
] -%}
{%- set others = [
    'threshold_mode', 'population_decline_quantile', 'population_churn_quantile', 'population_min_gaps',
    'personal_decline_factor', 'personal_churn_factor', 'personal_min_gaps',
] -%}
{%- for name in days -%}
    {%- do clauses.append((name ~ " is null or " ~ name ~ " < 1", name ~ " must be at least 1")) -%}
{%- endfor -%}
{%- for name in others -%}
    {%- do clauses.append((name ~ " is null", name ~ " must not be empty")) -%}
{%- endfor -%}


{%- set problems %}
with

thresholds as (

    select * from {{ thresholds }}

),

problems as (

    {% for condition, sentence in clauses -%}
    select
        customer_type,
        'lifecycle_thresholds.csv, ' || customer_type || ': {{ sentence }}.' as problem
    from thresholds
    where {{ condition }}

    union all

    {% endfor -%}
    select
        expected.customer_type,
        'lifecycle_thresholds.csv: add a row for customer_type ' || expected.customer_type || '.' as problem
    from (select 'b2c' as customer_type union all select 'b2b' as customer_type) as expected
    left join thresholds
        on expected.customer_type = thresholds.customer_type
    where thresholds.customer_type is null

)

select * from problems
{%- endset -%}

{%- if execute and load_relation(thresholds) -%}
    {%- for row in run_query(problems).rows -%}
        {%- do log(row[1], info=true) -%}
    {%- endfor -%}
{%- endif -%}

{{ problems }}
{% endmacro %}
