-- Proves that each segment is named once, in both languages, with a place of its own, and that there
-- is one for prospects. Each row says in `problem` what to change in seeds/rules/segments.csv.
{{ seed_problems('segments', ['segment'], clauses=[
    must_not_be_empty('position'),
    must_not_be_empty('name_en'),
    must_not_be_empty('name_zh'),
    (
        "position in (select position from seed group by position having count(*) > 1)",
        "position {position} stands there more than once: give each segment a place of its own",
    ),
], queries=missing_rows('segments', 'segment', ['prospect'])) }}
