-- Proves that each status word is said once and says whether it cancels and whether it is a test.
-- Each row says in `problem` what to change in seeds/rules/order_statuses.csv.
{{ seed_problems('order_statuses', ['status'], is_spoken=true, clauses=[
    must_not_be_empty('is_cancelled'),
    must_not_be_empty('is_test'),
]) }}
