-- Proves that each channel word is said once, belongs to a group and is of a kind the project knows.
-- Each row says in `problem` what to change in seeds/rules/channels.csv.
{{ seed_problems('channels', ['channel'], is_spoken=true, clauses=[
    must_not_be_empty('channel_group'),
    one_of('channel_kind', vocabulary('channel_kind')),
], queries=missing_rows('channels', 'channel', ['unknown'])) }}
