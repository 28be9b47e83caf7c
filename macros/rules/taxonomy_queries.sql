{#-
    What contradicts itself between the rows of `stage_taxonomies`: queries for `seed_problems`.
-#}
{% macro taxonomy_queries() %}
{%- set expected = [] -%}
{%- for stage in vocabulary('stage') -%}
    {%- for detail in stage_details().get(stage, ['']) -%}
        {%- do expected.append("select '" ~ stage ~ "' as stage, '" ~ detail ~ "' as stage_detail") -%}
    {%- endfor -%}
{%- endfor -%}
{%- set expected = '(' ~ expected | join(' union all ') ~ ')' -%}
{%- set queries = [
    "select 'stage_taxonomies.csv: add a row for ' || taxonomies.taxonomy || ' ' || expected.stage || ' ' || expected.stage_detail"
    ~ " || ', with mapping outside if it has no name there.' as problem"
    ~ " from (select distinct taxonomy from seed where taxonomy is not null) as taxonomies"
    ~ " cross join " ~ expected ~ " as expected"
    ~ " left join seed on taxonomies.taxonomy = seed.taxonomy and expected.stage = seed.stage"
    ~ " and expected.stage_detail = coalesce(seed.stage_detail, '') where seed.taxonomy is null",
    "select 'stage_taxonomies.csv, ' || coalesce(taxonomy, '') || ' ' || coalesce(stage, '') || ' ' || coalesce(stage_detail, '')"
    ~ " || ': there is no such stage and detail: the stages are " ~ vocabulary('stage') | join(', ') ~ ".' as problem"
    ~ " from seed where not exists (select 1 from " ~ expected ~ " as expected"
    ~ " where expected.stage = seed.stage and expected.stage_detail = coalesce(seed.stage_detail, ''))",
] -%}
{%- for column in ['name_en', 'name_zh', 'position'] -%}
    {%- do queries.append(
        "select 'stage_taxonomies.csv, ' || taxonomy || ': the code ' || code || ' has more than one " ~ column
        ~ ": write the same in all of its rows.' as problem"
        ~ " from seed where code is not null group by taxonomy, code having count(distinct " ~ column ~ ") > 1"
    ) -%}
{%- endfor -%}
{%- do queries.append(
    "select 'stage_taxonomies.csv, ' || taxonomy || ': position ' || cast(position as " ~ dbt.type_string()
    ~ ") || ' belongs to more than one code: give each code a place of its own.' as problem"
    ~ " from seed where code is not null and position is not null group by taxonomy, position having count(distinct code) > 1"
) -%}
{{ return(queries + missing_places('stage_taxonomies', 'position', within='taxonomy')) }}
{% endmacro %}
