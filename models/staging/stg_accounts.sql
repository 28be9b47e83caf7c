with

{{ latest_version(ref('raw_accounts')) }},

typed as (

    select
        -- ids
        account_id,
        parent_account_id,

        -- strings
        account_name,
        industry,

        -- numerics
        employee_count,

        -- accounting
        _loaded_at,
        _source_file,
        _versions
    from latest

)

select * from typed
