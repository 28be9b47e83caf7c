-- Proves that each metric of a stage stands there once and is one that a KPI mart measures, with somebody who
-- answers for it, a direction, and a target that asks for no less than the benchmark. Each row says in `problem`
-- what to change in seeds/rules/kpi_targets.csv.
{{ seed_problems('kpi_targets', ['metric', 'stage'], clauses=[
    one_of('stage', vocabulary('stage')),
    must_be_measured(),
    one_of('direction', vocabulary('better')),
    must_not_be_empty('is_customer_outcome'),
    ("owner is null", "it has no owner: name the role that answers for it"),
    ("department is null", "it has no department: name that of its owner"),
    (
        "direction = 'up' and target < benchmark",
        "direction is up, but the target {target} is below the benchmark {benchmark}: raise it, or turn the direction",
    ),
    (
        "direction = 'down' and target > benchmark",
        "direction is down, but the target {target} is above the benchmark {benchmark}: lower it, or turn the direction",
    ),
    ("tolerance < 0", "tolerance is {tolerance}: it is not negative"),
    ("tolerance is not null and target is null", "it has a tolerance, but no target: fill in the target, or empty tolerance"),
    ("review_interval_days is null or review_interval_days < 1", "review_interval_days is {review_interval_days}: write at least 1"),
], queries=missing_metrics()) }}
