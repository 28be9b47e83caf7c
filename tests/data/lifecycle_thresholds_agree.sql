-- Proves that the thresholds do not contradict each other. Each row says in `problem` what to change
-- in seeds/rules/lifecycle_thresholds.csv; what depends on the thresholds is not built.
{{ threshold_problems(ref('lifecycle_thresholds')) }}
