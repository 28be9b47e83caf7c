{{ config(
    materialized='incremental',
    touched_when=[['_row_key', 'rows of experiment_assignments']]
) }}

{{ after('changed_ids') }}
with

{{ latest_version(ref('base_experiment_assignments'), fault='_fault') }},

typed as (

    select
        -- ids
        experiment_id,
        customer_id,
        anonymous_id,

        -- strings
        variant,

        -- dates and timestamps
        assigned_at,
        exposed_at,

        -- accounting
        _loaded_at,
        _source_file,
        _load_id,
        _row_key,
        _versions
    from latest

)

select * from typed
