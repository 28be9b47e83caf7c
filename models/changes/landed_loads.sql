{#- What each raw table holds, load by load, beside what the last complete run found there. -#}
{%- set last = existing('completed_run') if is_delta_run() -%}
with

counted as (

    {% for table in raw_tables() -%}
    select
        '{{ table }}' as table_name,
        _load_id as load_id,
        _loaded_at as loaded_at,
        count(*) as landed_rows
    from {{ ref('raw_' ~ table) }}
    group by _load_id, _loaded_at
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

named as (

    select
        *,
        coalesce(load_id, '') || '|' || coalesce(cast(loaded_at as {{ dbt.type_string() }}), '') as load_key
    from counted

),

{% if last -%}
known as (

    select
        name as table_name,
        item as load_key,
        load_id,
        loaded_at,
        landed_rows
    from {{ last }}
    where kind = 'load'

),

compared as (

    select
        coalesce(named.table_name, known.table_name) as table_name,
        coalesce(named.load_key, known.load_key) as load_key,
        coalesce(named.load_id, known.load_id) as load_id,
        coalesce(named.loaded_at, known.loaded_at) as loaded_at,
        cast(coalesce(named.landed_rows, 0) as {{ dbt.type_bigint() }}) as landed_rows,
        -- A load without a name and a time could have changed without a sign.
        coalesce(named.landed_rows, 0) != coalesce(known.landed_rows, 0)
        or coalesce(named.load_key, known.load_key) = '|' as is_changed,
        coalesce(named.landed_rows, 0) < coalesce(known.landed_rows, 0)
        or coalesce(named.load_key, known.load_key) = '|' as has_lost_rows
    from named
    full outer join known
        on
            named.table_name = known.table_name
            and named.load_key = known.load_key

)
{%- else -%}
compared as (

    select
        table_name,
        load_key,
        load_id,
        loaded_at,
        cast(landed_rows as {{ dbt.type_bigint() }}) as landed_rows,
        true as is_changed,
        false as has_lost_rows
    from named

)
{%- endif %}

select * from compared
