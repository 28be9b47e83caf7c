-- Proves that the thresholds do not contradict each other. Each row says in `problem` what to change
-- in seeds/rules/lifecycle_thresholds.csv; what depends on the thresholds is not built.
{{ seed_problems('lifecycle_thresholds', ['customer_type'], threshold_clauses(), queries=missing_rows(
    'lifecycle_thresholds', 'customer_type', vocabulary('customer_type')
)) }}
