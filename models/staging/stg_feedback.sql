{{ config(
    materialized='incremental',
    touched_when=[['feedback_id', 'rows of feedback']]
) }}

{{ after('changed_ids') }}
with

{{ latest_version(ref('base_feedback'), fault='_fault') }},

typed as (

    select
        -- ids
        feedback_id,
        customer_id,
        order_id,

        -- strings
        survey_type,
        touchpoint,
        theme,
        comment,

        -- numerics
        score,

        -- dates and timestamps
        responded_at,
        closed_at,

        -- accounting
        _loaded_at,
        _source_file,
        _load_id,
        _versions
    from latest

)

select * from typed
