-- Proves that there is one plan for each churn reason and value tier.
-- Each row says in `problem` what to change in seeds/rules/winback_plans.csv.
{%- set queries = [] -%}
{%- for tier in vocabulary('value_tier') -%}
    {%- do queries.extend(missing_rows(
        'winback_plans', 'churn_reason', vocabulary('plan_reason'), 'value_tier', tier
    )) -%}
{%- endfor -%}
{{ seed_problems('winback_plans', ['churn_reason', 'value_tier'], clauses=action_clauses([
    one_of('churn_reason', vocabulary('plan_reason')),
    one_of('value_tier', vocabulary('value_tier')),
    one_of('remedy', vocabulary('remedy')),
    ("delay_days is null or delay_days < 0", "delay_days is {delay_days}: write 0 or more"),
    ("offer_type = 'service'", "offer_type is service: whoever is won back is advertised to, write another one"),
], has_priority=false), queries=queries) }}
