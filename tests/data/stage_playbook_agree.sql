-- Proves that each action of a stage has a name, a trigger, an offer and a rank of its own, and that
-- each stage of a customer has some. Each row says in `problem` what to change in
-- seeds/rules/stage_playbook.csv.
{%- set stages = vocabulary('stage') | reject('equalto', 'lost_prospect') | list -%}
{{ seed_problems('stage_playbook', ['stage', 'action_code'], clauses=action_clauses([
    one_of('stage', vocabulary('stage')),
    (
        "stage_detail is not null and not ("
        ~ "stage = 'consideration' and stage_detail in ('interest', 'intent')"
        ~ " or stage = 'decline' and stage_detail in ('silence', 'dissatisfaction'))",
        "there is no detail {stage_detail} of the stage: write one that it has, or leave it empty",
    ),
    must_not_be_empty('is_addressed'),
    one_of('trigger', vocabulary('action_trigger')),
    must_not_be_empty('delay_days'),
    (
        "trigger <> 'expected_order' and delay_days < 0",
        "delay_days is {delay_days}: only an expected order is known before it comes, write 0 or more",
    ),
    (
        "is_addressed and offer_type = 'service' and channel is null",
        "it is a service without a channel: name one, as nobody is asked which they prefer",
    ),
]), queries=missing_rows('stage_playbook', 'stage', stages) + missing_places('stage_playbook', 'priority', within='stage')) }}
