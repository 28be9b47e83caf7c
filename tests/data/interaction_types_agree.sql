-- Proves that each interaction type is said once, with a direction, a signal and a place in a funnel
-- that go together: only what a customer does is a signal, and a funnel has no missing step. Several
-- types may be the same step. Each row says in `problem` what to change in
-- seeds/rules/interaction_types.csv.
{{ seed_problems('interaction_types', ['interaction_type'], is_spoken=true, clauses=[
    one_of('direction', vocabulary('direction')),
    one_of('signal', vocabulary('signal')),
    (
        "direction = 'outbound' and signal <> 'none'",
        "it is outbound, and only what a customer does shows anything: set signal to none, or direction to inbound",
    ),
    one_of('funnel', vocabulary('funnel'), or_empty=true),
    ("funnel is not null and step is null", "it is in the funnel {funnel} without a step: fill in step"),
    ("funnel is null and step is not null", "it has the step {step} of no funnel: fill in funnel, or empty step"),
    ("step < 1", "step is {step}: steps are numbered from 1"),
    one_of('counts_as', vocabulary('counts_as'), or_empty=true),
    ("cost_per_contact is null", "cost_per_contact is empty: write 0 for what costs nothing"),
    ("cost_per_contact < 0", "cost_per_contact is {cost_per_contact}: a cost is not negative"),
], queries=missing_places('interaction_types', 'step', within='funnel', condition='funnel is not null')) }}
