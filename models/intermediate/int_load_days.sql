with

landed as (

    select * from {{ ref('landed_loads') }}
    where loaded_at is not null and landed_rows > 0

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
