{#-
    The rows of a landing or base model that keep the contract, one per key: the latest version.
    To be used as the first CTEs of a model; the last of them is called `latest`.

    The highest of the version time (where the table has one), `_loaded_at` and the hash of the row
    wins. `_versions` counts the rows that stood for it, so that accounting can add them up again.

    In a full run only keys that occur more than once are sorted; a table without duplicates costs one
    aggregation over its key. The relation is named three times rather than put into a CTE, because
    engines materialise a CTE that is read twice, with all its columns. A delta has few rows and
    sorts them.
-#}
{% macro latest_version(relation, version_time=none, fault='_contract_fault') -%}
{{ numbered_versions(relation, version_time, fault) }},

latest as (

    {% if not is_version_delta(relation) -%}
    select * from single_versions
    union all
    {% endif -%}
    select * from ranked_versions
    where _version = 1

)
{%- endmacro %}

{#- Whether a run has only the versions of a few keys before it. -#}
{% macro is_version_delta(relation) -%}
    {{ return(is_delta_run() and versioned_table(relation) in staged_by_row()) }}
{%- endmacro %}

{% macro versioned_table(relation) -%}
    {{ return(relation.identifier.split('_', 1)[1]) }}
{%- endmacro %}

{#-
    CTEs with the versions of each key, numbered, the latest first: `ranked_versions`, and before them,
    in a full run, `single_versions` of the keys that occur once. The hash of a row is worked out only
    for versions that nothing else tells apart.
-#}
{% macro numbered_versions(relation, version_time, fault, with_company_columns=false) -%}
{%- set table = versioned_table(relation) -%}
{%- set is_delta = is_version_delta(relation) -%}
{% if not is_delta -%}
repeated_keys as (

    select _row_key
    from {{ relation }}
    where {{ fault }} is null
    group by _row_key
    having count(*) > 1

),

single_versions as (

    select
        landed.*,
        1 as _versions,
        1 as _equally_late,
        1 as _version
    from {{ relation }} as landed
    left join repeated_keys
        on landed._row_key = repeated_keys._row_key
    where
        landed.{{ fault }} is null
        and repeated_keys._row_key is null

),

{% endif -%}
counted_versions as (

    select
        landed.*,
        count(*) over (partition by landed._row_key) as _versions,
        count(*) over (
            partition by landed._row_key, landed._loaded_at
            {%- if version_time %}, landed.{{ version_time }}{% endif %}
        ) as _equally_late
    from {{ relation }} as landed
    {%- if not is_delta %}
    inner join repeated_keys
        on landed._row_key = repeated_keys._row_key
    {%- endif %}
    where landed.{{ fault }} is null

),

ranked_versions as (

    select
        landed.*,
        row_number() over (
            partition by landed._row_key
            order by
                {% if version_time %}landed.{{ version_time }} desc nulls last,
                {% endif %}landed._loaded_at desc nulls last,
                case when landed._equally_late > 1 then {{ dbt.hash(landed_row(table, 'landed', masked=false)) }} end desc,
                landed._load_id desc nulls last,
                landed._source_file desc nulls last
                {#- The hash of the row knows the columns of the contract only. #}
                {%- for name in company_columns(table) if with_company_columns %},
                {{ sortable('landed.' ~ adapter.quote(name)) }} desc nulls last
                {%- endfor %}
        ) as _version
    from counted_versions as landed

)
{%- endmacro %}
