-- Proves that the value tiers of each customer type go from the most valuable buyer to the last without a
-- hole. Each row says in `problem` what to change in seeds/rules/value_tiers.csv.
{%- set others = "select 1 from seed as other where other.customer_type = seed.customer_type" %}
{{ seed_problems('value_tiers', ['customer_type', 'value_tier'], clauses=[
    one_of('customer_type', vocabulary('customer_type')),
    must_not_be_empty('from_share'),
    must_not_be_empty('to_share'),
    (
        "from_share < 0 or to_share > 1 or from_share >= to_share",
        "it goes from {from_share} to {to_share}: shares lie between 0 and 1, and the first is the smaller one",
    ),
    (
        "from_share > 0 and not exists (" ~ others ~ " and other.to_share = seed.from_share)",
        "no tier ends at {from_share}, where it begins: shares have no hole",
    ),
    (
        "to_share < 1 and not exists (" ~ others ~ " and other.from_share = seed.to_share)",
        "no tier begins at {to_share}, where it ends: shares have no hole",
    ),
    (
        "exists (" ~ others ~ " and other.value_tier <> seed.value_tier"
        ~ " and other.from_share < seed.to_share and other.to_share > seed.from_share)",
        "it overlaps with another tier: let each begin where another ends",
    ),
], queries=missing_rows('value_tiers', 'customer_type', vocabulary('customer_type'))) }}
