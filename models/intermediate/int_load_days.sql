with

-- Loads first: they are few, and a business day is asked of each rather than of each row.
landed as (

    {% for table in raw_tables() -%}
    select
        '{{ table }}' as table_name,
        _loaded_at as loaded_at,
        count(*) as landed_rows
    from {{ ref('raw_' ~ table) }}
    where _loaded_at is not null
    group by _loaded_at
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

load_days as (

    select
        table_name,
        {{ business_date('loaded_at') }} as loaded_on,
        max(loaded_at) as last_loaded_at,
        cast(sum(landed_rows) as {{ dbt.type_bigint() }}) as landed_rows
    from landed
    group by table_name, {{ business_date('loaded_at') }}

)

select * from load_days
