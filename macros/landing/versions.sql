{#-
    The good versions of every row of a landing model, each with the instant since when the source
    said so. To be used as the first CTEs of a model; the last of them is called `lasting`.

    Versions stand in the order of `latest_version`: `_version` 1 is the one that staging takes, and
    `_versions` counts them. A version that ends before it begins was never in force and is left
    out: of two at one instant the later one stays, and none is newer than the one staging takes.
-#}
{% macro every_version(relation, version_time=none, first_time=none) -%}
{{ numbered_versions(relation, version_time, '_contract_fault', with_company_columns=true) }},

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

    {% if not is_version_delta(relation) -%}
    select
        single_versions.*,
        {{ version_since(version_time, first_time) }} as valid_from,
        cast(null as {{ dbt.type_timestamp() }}) as superseded_at
    from single_versions
    union all
    {% endif -%}
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
