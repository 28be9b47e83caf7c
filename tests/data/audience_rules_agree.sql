-- Proves that each audience asks for what there is, holds a part back that leaves some to contact, and
-- has a rank, a cap and an end. Each row says in `problem` what to change in
-- seeds/rules/audience_rules.csv.
{{ seed_problems('audience_rules', ['audience'], clauses=[
    must_not_be_empty('priority'),
    must_not_be_empty('name_en'),
    must_not_be_empty('name_zh'),
    must_not_be_empty('action_code'),
    (
        "not " ~ matches('audience', '^[a-z][a-z0-9_]*$'),
        "write it in small letters, digits and underscores, as files are named after it",
    ),
    (
        "priority in (select priority from seed group by priority having count(*) > 1)",
        "priority {priority} stands there more than once: say who comes first",
    ),
    one_of('stage', vocabulary('stage'), or_empty=true),
    one_of('next_stage', vocabulary('stage'), or_empty=true),
    one_of('value_tier', vocabulary('value_tier'), or_empty=true),
    (
        "min_decline_step < 1 or min_decline_step > 4",
        "min_decline_step is {min_decline_step}: write 1 to 4, or leave it empty",
    ),
    (
        "(next_stage is null) <> (next_stage_within_days is null) or next_stage_within_days < 1",
        "next_stage and next_stage_within_days belong together: fill in both, from 1 day on, or none",
    ),
    ("stage_detail is not null and stage is null", "stage_detail is {stage_detail}, but of no stage: fill in stage"),
    (
        "coalesce(stage, segment, value_tier, next_stage) is null and min_decline_step is null",
        "it asks for nothing and would take everybody: fill in a condition",
    ),
    (
        "holdout_share is null or holdout_share < 0 or holdout_share >= 1",
        "holdout_share is {holdout_share}: write a share from 0 on and below 1, as in 0.10",
    ),
    ("frequency_cap is null or frequency_cap < 1", "frequency_cap is {frequency_cap}: write at least 1"),
    (
        "frequency_cap_days is null or frequency_cap_days < 1",
        "frequency_cap_days is {frequency_cap_days}: write at least 1",
    ),
    (
        "expires_after_days is null or expires_after_days < 1",
        "expires_after_days is {expires_after_days}: write at least 1",
    ),
]) }}
