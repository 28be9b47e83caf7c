{%- set tables = raw_tables() -%}

with

tables as (

    {% for table in tables -%}
    select '{{ table }}' as table_name
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

landed as (

    select
        tables.table_name,
        coalesce(sum(loads.landed_rows), 0) as raw_rows
    from tables
    left join {{ ref('landed_loads') }} as loads
        on tables.table_name = loads.table_name
    group by tables.table_name

),

staged as (

    {% for table in tables -%}
    select
        '{{ table }}' as table_name,
        count(*) as staged_rows,
        coalesce(sum(_versions), 0) - count(*) as duplicate_rows,
        {{ newest_event_at(table) }} as newest_event_at
    from {{ ref('stg_' ~ table) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

quarantined as (

    select
        table_name,
        count(*) as quarantined_rows
    from {{ ref('quarantined_rows') }}
    group by table_name

),

erased as (

    select * from {{ ref('raw_erased_rows') }}

),

accounted as (

    select
        landed.table_name,
        cast(landed.raw_rows + coalesce(erased.erased_rows, 0) as {{ dbt.type_bigint() }}) as raw_rows,
        cast(staged.staged_rows as {{ dbt.type_bigint() }}) as staged_rows,
        cast(staged.duplicate_rows as {{ dbt.type_bigint() }}) as duplicate_rows,
        cast(coalesce(quarantined.quarantined_rows, 0) as {{ dbt.type_bigint() }}) as quarantined_rows,
        cast(coalesce(erased.erased_rows, 0) as {{ dbt.type_bigint() }}) as erased_rows,
        {{ rate('coalesce(quarantined.quarantined_rows, 0)', 'landed.raw_rows') }} as quarantined_rate,
        staged.newest_event_at
    from landed
    inner join staged
        on landed.table_name = staged.table_name
    left join quarantined
        on landed.table_name = quarantined.table_name
    left join erased
        on landed.table_name = erased.table_name

)

select * from accounted
