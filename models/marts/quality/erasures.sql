with

erasures as (

    select
        request_hash,
        table_name,
        requested_at,
        erased_at,
        cast(deleted_rows as {{ dbt.type_bigint() }}) as deleted_rows,
        cast(emptied_rows as {{ dbt.type_bigint() }}) as emptied_rows
    from {{ ref('stg_erasures') }}

)

select * from erasures
