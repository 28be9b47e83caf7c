{{ config(
    materialized='incremental',
    touched_when=[['account_id', 'rows of accounts']]
) }}

{{ after('changed_ids') }}
with

{{ latest_version(ref('base_accounts'), fault='_fault') }},

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
        _load_id,
        _versions
    from latest

)

select * from typed
