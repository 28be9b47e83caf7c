-- Proves that every buyer has a segment and every rule decides for somebody, by trying the rules on
-- buyers just on either side of every bound. Each row says in `problem` what to change in
-- seeds/rules/segment_rules.csv; what depends on the rules is not built.
{{ seed_problems(
    'segment_rules', ['priority'], segment_rule_clauses(), queries=segment_rule_queries(), steps=segment_rule_trials()
) }}
