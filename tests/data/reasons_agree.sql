-- Proves that each reason word is said once, and that its churn reason and flags go together.
-- Each row says in `problem` what to change in seeds/rules/reasons.csv.
{{ seed_problems('reasons', ['reason'], is_spoken=true, clauses=[
    one_of('churn_reason', vocabulary('churn_reason'), or_empty=true),
    must_not_be_empty('is_quality'),
    must_not_be_empty('is_dissatisfaction'),
    (
        "is_quality and not is_dissatisfaction",
        "is_quality is true, and a return for quality is dissatisfaction: set is_dissatisfaction to true as well",
    ),
]) }}
