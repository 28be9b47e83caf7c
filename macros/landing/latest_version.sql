{#-
    The rows of a landing or base model that keep the contract, one per key: the latest version.

    The highest of the version time (where the table has one), `_loaded_at` and the hash of the row
    wins. `_versions` counts the rows that stood for it, so that accounting can add them up again.

    Only keys that occur more than once are sorted; a table without duplicates costs one
    aggregation over its key. The relation is named three times rather than put into a CTE, because
    engines materialise a CTE that is read twice, with all its columns.
-#}
{% macro latest_version(relation, version_time=none, fault='_contract_fault') -%}
    select
            single.*,
            1 as _versions,
            1 as _version
        from {{ relation }} as single
        where
            single.{{ fault }} is null
            and not exists (
                select 1
                from ({{ repeated_keys(relation, fault) }}) as repeated
                where repeated._row_key = single._row_key
            )

        union all

        select *
        from (
            select
                version.*,
                count(*) over (partition by version._row_key) as _versions,
                row_number() over (
                    partition by version._row_key
                    order by
                        {% if version_time %}version.{{ version_time }} desc nulls last,
                        {% endif %}version._loaded_at desc nulls last,
                        {{ dbt.hash('version._row') }} desc
                ) as _version
            from {{ relation }} as version
            inner join ({{ repeated_keys(relation, fault) }}) as repeated
                on version._row_key = repeated._row_key
            where version.{{ fault }} is null
        ) as ranked
        where _version = 1
{%- endmacro %}

{% macro repeated_keys(relation, fault) -%}
    select _row_key from {{ relation }} where {{ fault }} is null group by _row_key having count(*) > 1
{%- endmacro %}
