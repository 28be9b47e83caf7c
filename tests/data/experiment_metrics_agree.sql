-- Proves that each metric of experiments is said once, and measures something within a time that is one.
-- Each row says in `problem` what to change in seeds/rules/experiment_metrics.csv.
{{ seed_problems('experiment_metrics', ['metric'], is_spoken=true, clauses=[
    must_not_be_empty('goal'),
    one_of('measure', vocabulary('experiment_measure')),
    (
        "measure = 'interaction' and interaction_type is null",
        "it counts an interaction and does not say which: fill in interaction_type",
    ),
    (
        "measure <> 'interaction' and interaction_type is not null",
        "its measure is {measure}, and the interaction_type {interaction_type} says nothing: empty it",
    ),
    must_not_be_empty('from_days'),
    must_not_be_empty('to_days'),
    (
        "from_days < 0 or from_days >= to_days",
        "it goes from day {from_days} to day {to_days}: the first is at least 0 and the smaller one",
    ),
    ("covariate_days < 1", "covariate_days is {covariate_days}: write at least 1, or empty it"),
    one_of('better', vocabulary('better')),
]) }}
