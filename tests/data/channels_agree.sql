-- Proves that each channel word is said once, belongs to a group and is of a kind the project knows, and
-- that attribution can tell them all apart.
-- Each row says in `problem` what to change in seeds/rules/channels.csv.
{%- set too_many -%}
select 'channels.csv: attribution tells {{ max_attributed_channels() }} apart, and there are '
        || cast(count(distinct {{ var('attribution_by') }}) as {{ dbt.type_string() }})
        || ': set the variable attribution_by to channel_group, or use fewer.' as problem
    from seed
    having count(distinct {{ var('attribution_by') }}) > {{ max_attributed_channels() }}
{%- endset -%}
{%- set queries = [too_many] -%}
{%- do queries.extend(missing_rows('channels', 'channel', ['unknown'])) %}
{{ seed_problems('channels', ['channel'], is_spoken=true, clauses=[
    must_not_be_empty('channel_group'),
    one_of('channel_kind', vocabulary('channel_kind')),
], queries=queries) }}
