-- Proves that the seed names every stage that the models know, and no other, with a place, names and
-- flags that are right. Each row says in `problem` what to change in
-- seeds/rules/lifecycle_stages.csv.
{%- set prospects = "('" ~ vocabulary('prospect_stage') | join("', '") ~ "')" -%}
{{ seed_problems('lifecycle_stages', ['stage'], clauses=[
    one_of('stage', vocabulary('stage')),
    must_not_be_empty('position'),
    must_not_be_empty('name_en'),
    must_not_be_empty('name_zh'),
    must_not_be_empty('is_buyer'),
    must_not_be_empty('is_engaged'),
    ("is_buyer and stage in " ~ prospects, "is_buyer is true, but whoever is in this stage has no order: set it to false"),
    ("not is_buyer and stage not in " ~ prospects, "is_buyer is false, but this stage begins with an order: set it to true"),
    ("is_engaged and not is_buyer", "is_engaged is true, but only a buyer is engaged: set it to false"),
    (
        "position in (select position from seed group by position having count(*) > 1)",
        "position {position} stands there more than once: give each stage a place of its own",
    ),
], queries=missing_rows('lifecycle_stages', 'stage', vocabulary('stage'))
    + missing_places('lifecycle_stages', 'position')) }}
