-- Proves that every parameter a build cannot do without has a default for each customer type, above
-- zero. Each row says in `problem` what to change in seeds/rules/parameter_defaults.csv.
{{ seed_problems('parameter_defaults', ['parameter', 'customer_type'], clauses=[
    one_of('parameter', vocabulary('parameter')),
    one_of('customer_type', vocabulary('customer_type')),
    ("value is null or value <= 0", "value is {value}: write a number above 0"),
], queries=missing_defaults()) }}
