{#-
    The good versions of every row of a landing model, each with the instant since when the source
    said so. To be used as the first CTEs of a model; the last of them is called `lasting`.

    Versions stand in the order of `latest_version`: `_version` 1 is the one that staging takes, and
    `_versions` counts them. A version that ends before it begins was never in force and is left
    out: of two at one instant the later one stays, and none is newer than the one staging takes.
-#}
{% macro every_version(relation, version_time=none, first_time=none) -%}
{%- set table = relation.identifier.split('_', 1)[1] -%}
repeated_keys as (

    select _row_key
    from {{ relation }}
    where _contract_fault is null
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
        landed._contract_fault is null
        and repeated_keys._row_key is null

),

ranked_versions as (

    select
        landed.*,
        count(*) over (partition by landed._row_key) as _versions,
        row_number() over (
            partition by landed._row_key
            order by
                {{ latest_first(table, version_time) }}
                {#- The hash of the row knows the columns of the contract only. #}
                {%- for name in company_columns(table) %},
                {{ sortable('landed.' ~ adapter.quote(name)) }} desc nulls last
                {%- endfor %}
        ) as _version
    from {{ relation }} as landed
    inner join repeated_keys
        on landed._row_key = repeated_keys._row_key
    where landed._contract_fault is null

),

dated_versions as (

    select
        ranked_versions.*,
        {{ version_since(version_time, first_time) }} as valid_from
    from ranked_versions

),

superseded_versions as (

    select
        dated_versions.*,
        min(valid_from) over (
            partition by _row_key
            order by _version
            rows between unbounded preceding and 1 preceding
        ) as superseded_at
    from dated_versions

),

lasting as (

    select
        single_versions.*,
        {{ version_since(version_time, first_time) }} as valid_from,
        cast(null as {{ dbt.type_timestamp() }}) as superseded_at
    from single_versions
    union all
    select * from superseded_versions
    where superseded_at is null or valid_from < superseded_at

)
{%- endmacro %}

{#-
    Since when the source says what a version says: the version's own time; else, of the first
    version, the row's first time (a registration); else the time of the load; else 1900.
-#}
{% macro version_since(version_time, first_time) -%}
    coalesce(
        {%- if version_time %}
        {{ version_time }},
        {%- endif %}
        {%- if first_time %}
        case when _version = _versions then {{ first_time }} end,
        {%- endif %}
        _loaded_at,
        {{ start_of_time() }}
    )
{%- endmacro %}
