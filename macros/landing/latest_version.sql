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
{%- set table = relation.identifier.split('_', 1)[1] -%}
{%- set is_delta = is_delta_run() and table in staged_by_row() -%}
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
        1 as _version
    from {{ relation }} as landed
    left join repeated_keys
        on landed._row_key = repeated_keys._row_key
    where
        landed.{{ fault }} is null
        and repeated_keys._row_key is null

),

{% endif -%}
ranked_versions as (

    select
        landed.*,
        count(*) over (partition by landed._row_key) as _versions,
        row_number() over (
            partition by landed._row_key
            order by
                {{ latest_first(table, version_time) }}
        ) as _version
    from {{ relation }} as landed
    {%- if not is_delta %}
    inner join repeated_keys
        on landed._row_key = repeated_keys._row_key
    {%- endif %}
    where landed.{{ fault }} is null

),

latest as (

    {% if not is_delta -%}
    select * from single_versions
    union all
    {% endif -%}
    select * from ranked_versions
    where _version = 1

)
{%- endmacro %}

{#- The order of the versions of a row of `landed`, the latest first. -#}
{% macro latest_first(table, version_time=none) -%}
    {% if version_time %}landed.{{ version_time }} desc nulls last,
                {% endif %}landed._loaded_at desc nulls last,
                {{ dbt.hash(landed_row(table, 'landed', masked=false)) }} desc,
                landed._load_id desc nulls last,
                landed._source_file desc nulls last
{%- endmacro %}
