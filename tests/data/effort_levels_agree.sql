-- Proves that each value tier and step of decline has one effort level.
-- Each row says in `problem` what to change in seeds/rules/effort_levels.csv.
{%- set tiers = vocabulary('value_tier') -%}
{%- set steps = missing_rows('effort_levels', 'value_tier', tiers, 'decline_step', '0')
    + missing_rows('effort_levels', 'value_tier', tiers, 'decline_step', '1')
    + missing_rows('effort_levels', 'value_tier', tiers, 'decline_step', '2')
    + missing_rows('effort_levels', 'value_tier', tiers, 'decline_step', '3')
    + missing_rows('effort_levels', 'value_tier', tiers, 'decline_step', '4') -%}
{{ seed_problems('effort_levels', ['value_tier', 'decline_step'], clauses=[
    one_of('value_tier', vocabulary('value_tier')),
    ("decline_step is null or decline_step < 0 or decline_step > 4", "decline_step is {decline_step}: write 0 to 4"),
    one_of('effort_level', vocabulary('effort_level')),
    (
        "review_interval_days is null or review_interval_days < 1",
        "review_interval_days is {review_interval_days}: write at least 1",
    ),
], queries=steps) }}
