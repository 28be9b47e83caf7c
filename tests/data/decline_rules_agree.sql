-- Proves that each signal of decline has one rule per customer type, and that the rule can be met.
-- Each row says in `problem` what to change in seeds/rules/decline_rules.csv.
{%- set queries = [] -%}
{%- for customer_type in vocabulary('customer_type') -%}
    {%- do queries.extend(missing_rows(
        'decline_rules', 'signal', vocabulary('decline_signal'), 'customer_type', customer_type
    )) -%}
{%- endfor %}
{{ seed_problems('decline_rules', ['customer_type', 'signal'], clauses=[
    one_of('customer_type', vocabulary('customer_type')),
    one_of('signal', vocabulary('decline_signal')),
    ("decline_step < 1 or decline_step > 3", "decline_step is {decline_step}: write 1, 2 or 3, or leave it empty"),
    (
        "signal <> 'complaint' and (min_history is null or min_history < 1)",
        "min_history is {min_history}: write at least 1, or there is no own past to compare with",
    ),
    (
        "signal in ('frequency', 'engagement') and (limit_ratio is null or limit_ratio < 1)",
        "limit_ratio is {limit_ratio}: write at least 1, or every gap as long as usual is a warning",
    ),
    (
        "signal in ('quantity', 'value', 'satisfaction') and (limit_ratio is null or limit_ratio <= 0 or limit_ratio >= 1)",
        "limit_ratio is {limit_ratio}: write a share between 0 and 1, or what is as usual is a warning",
    ),
    (
        "signal in ('frequency', 'engagement') and (min_days is null or max_days is null or min_days < 1)",
        "min_days and max_days must be filled in, from 1 day on",
    ),
    ("min_days > max_days", "min_days is {min_days}: it must not be larger than max_days"),
    (
        "signal in ('satisfaction', 'complaint') and (active_days is null or active_days < 1)",
        "active_days is {active_days}: write at least 1",
    ),
], queries=queries) }}
