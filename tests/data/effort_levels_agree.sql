-- Proves that each value tier and step of decline has one effort level.
-- Each row says in `problem` what to change in seeds/rules/effort_levels.csv.
{%- set queries = [] -%}
{%- for step in range(5) -%}
    {%- for tier in vocabulary('value_tier') -%}
        {%- do queries.append(
            "select 'effort_levels.csv: add a row for the value_tier " ~ tier ~ " and the decline_step " ~ step ~ ".' as problem"
            ~ " from (select 1 as one) as nothing where not exists ("
            ~ "select 1 from seed where seed.value_tier = '" ~ tier ~ "' and seed.decline_step = " ~ step ~ ")"
        ) -%}
    {%- endfor -%}
{%- endfor %}
{{ seed_problems('effort_levels', ['value_tier', 'decline_step'], clauses=[
    one_of('value_tier', vocabulary('value_tier')),
    ("decline_step is null or decline_step < 0 or decline_step > 4", "decline_step is {decline_step}: write 0 to 4"),
    one_of('effort_level', vocabulary('effort_level')),
    ("review_interval_days is null or review_interval_days < 1", "review_interval_days is {review_interval_days}: write at least 1"),
], queries=queries) }}
