-- Proves that each customer type and kind of conversion has one rule, and that its shares can be given.
-- Each row says in `problem` what to change in seeds/rules/attribution_rules.csv.
{%- set queries = [] -%}
{%- for customer_type in vocabulary('customer_type') -%}
    {%- do queries.extend(missing_rows(
        'attribution_rules', 'conversion_kind', vocabulary('conversion_kind'), 'customer_type', customer_type
    )) -%}
{%- endfor %}
{{ seed_problems('attribution_rules', ['customer_type', 'conversion_kind'], clauses=[
    one_of('customer_type', vocabulary('customer_type')),
    one_of('conversion_kind', vocabulary('conversion_kind')),
    ("lookback_days is null or lookback_days < 1", "lookback_days is {lookback_days}: write at least 1"),
    must_not_be_empty('direct_counts'),
    ("half_life_days is null or half_life_days <= 0", "half_life_days is {half_life_days}: write a number above 0"),
    (
        "first_share is null or last_share is null or first_share < 0 or last_share < 0"
        ~ " or first_share + last_share > 1 or first_share + last_share = 0",
        "first_share and last_share are {first_share} and {last_share}: write shares that add up to more than 0"
        ~ " and at most 1",
    ),
], queries=queries) }}
