-- Proves that each action of a segment has a name, a trigger, an offer and a rank of its own.
-- Each row says in `problem` what to change in seeds/rules/segment_playbook.csv.
{{ seed_problems('segment_playbook', ['segment', 'action_code'], clauses=action_clauses([
    one_of('trigger', vocabulary('action_trigger')),
    must_not_be_empty('delay_days'),
    (
        "trigger <> 'expected_order' and delay_days < 0",
        "delay_days is {delay_days}: only an expected order is known before it comes, write 0 or more",
    ),
]), queries=missing_places('segment_playbook', 'priority', within='segment')) }}
