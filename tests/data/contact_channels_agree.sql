-- Proves that each channel has a place of its own and an effort that grants it.
-- Each row says in `problem` what to change in seeds/rules/contact_channels.csv.
{{ seed_problems('contact_channels', ['channel'], clauses=[
    must_not_be_empty('position'),
    one_of('effort_level', vocabulary('effort_level')),
    (
        "position in (select position from seed group by position having count(*) > 1)",
        "position {position} stands there more than once: give each channel a place of its own",
    ),
]) }}
