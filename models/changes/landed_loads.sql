{#- What each raw table holds, load by load, beside what the last complete run found there. -#}
{%- set last = existing('completed_run') if is_delta_run() -%}
{%- set text = dbt.type_string() -%}
with

{% if last -%}
known as (

    select
        name as table_name,
        item as load_key,
        load_id,
        loaded_at,
        landed_rows,
        has_blank_keys
    from {{ last }}
    where kind = 'load'

),

totals as (

    {% for table in raw_tables() -%}
    select
        '{{ table }}' as table_name,
        {{ load_of(table) }} as load_id,
        count(*) as landed_rows
    from {{ ref('raw_' ~ table) }}
    where {{ load_of(table) }} is not null
    group by {{ load_of(table) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

known_totals as (

    select
        table_name,
        load_id,
        sum(landed_rows) as landed_rows
    from known
    where load_id is not null
    group by table_name, load_id

),

-- Rows are asked for their times only where there are more or fewer of them than there were.
recounted as (

    select
        totals.table_name,
        totals.load_id
    from totals
    left join known_totals
        on
            totals.table_name = known_totals.table_name
            and totals.load_id = known_totals.load_id
            and totals.landed_rows = known_totals.landed_rows
    where known_totals.load_id is null

),

as_before as (

    select
        known.table_name,
        known.load_id,
        known.loaded_at,
        known.landed_rows
    from known
    inner join totals
        on
            known.table_name = totals.table_name
            and known.load_id = totals.load_id
    left join recounted
        on
            known.table_name = recounted.table_name
            and known.load_id = recounted.load_id
    where recounted.load_id is null

),

{% endif -%}
counted as (

    {% for table in raw_tables() -%}
    {%- set recounted = "select recounted.load_id from recounted where recounted.table_name = '" ~ table ~ "'" -%}
    {%- set load = load_of(table) -%}
    {%- for condition in ([load ~ ' is null', load ~ ' in (' ~ recounted ~ ')'] if last else ['1 = 1']) -%}
    select
        '{{ table }}' as table_name,
        {{ load }} as load_id,
        _loaded_at as loaded_at,
        count(*) as landed_rows
    from {{ ref('raw_' ~ table) }}
    where {{ condition }}
    group by {{ load }}, _loaded_at
    union all
    {% endfor -%}
    {% endfor -%}
    {% if last -%}
    select * from as_before
    {%- else -%}
    select
        cast(null as {{ text }}) as table_name,
        cast(null as {{ text }}) as load_id,
        cast(null as {{ dbt.type_timestamp() }}) as loaded_at,
        cast(0 as {{ dbt.type_bigint() }}) as landed_rows
    where 1 = 0
    {%- endif %}

),

named as (

    select
        *,
        coalesce(load_id, '') || '|' || coalesce(cast(loaded_at as {{ dbt.type_string() }}), '') as load_key
    from counted

),

{% if last -%}
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
        or coalesce(named.load_key, known.load_key) = '|' as has_lost_rows,
        coalesce(known.has_blank_keys, false) as had_blank_keys
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
        false as has_lost_rows,
        false as had_blank_keys
    from named

)
{%- endif %},

-- A key with blanks around it is looked for in another way. Only new loads are asked for them.
blank_keys as (

    {% for table in staged_by_row() -%}
    select
        '{{ table }}' as table_name,
        {{ table }}_loads.load_id
    from (
        {{ loads_with_blank_keys(table, 'compared', 'is_changed') }}
    ) as {{ table }}_loads
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

described as (

    select
        compared.table_name,
        compared.load_key,
        compared.load_id,
        compared.loaded_at,
        compared.landed_rows,
        compared.is_changed,
        compared.has_lost_rows,
        compared.had_blank_keys or blank_keys.load_id is not null as has_blank_keys
    from compared
    left join blank_keys
        on
            compared.table_name = blank_keys.table_name
            and compared.load_id = blank_keys.load_id

)

select * from described
