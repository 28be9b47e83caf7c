with

exports as (

    select
        export_id,
        experiment_id,
        audience,
        action_code,
        offer_type,
        channel,
        as_of as built_as_of_at,
        build_hash,
        cast(contact_rows as {{ dbt.type_bigint() }}) as contact_rows,
        cast(holdout_rows as {{ dbt.type_bigint() }}) as holdout_rows,
        file_hash,
        exported_at
    from {{ ref('stg_exports') }}

)

select * from exports
