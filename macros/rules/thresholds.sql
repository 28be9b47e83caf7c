{#-
    What contradicts itself in a row of `lifecycle_thresholds`: clauses for `seed_problems`.
-#}
{% macro threshold_clauses() %}
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
    one_of('threshold_mode', vocabulary('threshold_mode')),
    one_of('customer_type', vocabulary('customer_type')),
] -%}
{%- set days = [
    'onboarding_days', 'decline_days', 'churn_days', 'winback_days', 'prospect_lapse_days', 'loyalty_window_days',
    'advocacy_window_days', 'dissatisfaction_window_days', 'min_decline_days', 'max_decline_days', 'min_churn_days',
    'max_churn_days',
] -%}
{%- set others = [
    'population_decline_quantile', 'population_churn_quantile', 'population_min_gaps',
    'personal_decline_factor', 'personal_churn_factor', 'personal_min_gaps',
] -%}
{%- for name in days -%}
    {%- do clauses.append((name ~ " is null or " ~ name ~ " < 1", name ~ " must be at least 1")) -%}
{%- endfor -%}
{%- for name in others -%}
    {%- do clauses.append((name ~ " is null", name ~ " must not be empty")) -%}
{%- endfor -%}
    {{ return(clauses) }}
{% endmacro %}
