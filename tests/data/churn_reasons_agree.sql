-- Proves that each churn reason has a name and a group, and that a group has one name.
-- Each row says in `problem` what to change in seeds/rules/churn_reasons.csv.
{{ seed_problems('churn_reasons', ['churn_reason'], clauses=[
    one_of('churn_reason', vocabulary('plan_reason')),
    must_not_be_empty('reason_group'),
    must_not_be_empty('name_en'),
    must_not_be_empty('name_zh'),
    must_not_be_empty('group_name_en'),
    must_not_be_empty('group_name_zh'),
    (
        "reason_group in (select reason_group from seed group by reason_group"
        ~ " having count(distinct group_name_en) > 1 or count(distinct group_name_zh) > 1)",
        "the group {reason_group} has more than one name: write the same in all of its rows",
    ),
], queries=missing_rows('churn_reasons', 'churn_reason', vocabulary('plan_reason'))) }}
