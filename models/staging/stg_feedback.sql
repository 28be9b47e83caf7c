{{ config(materialized='table') }}

with

{{ latest_version(ref('raw_feedback')) }},

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
        _versions
    from latest

)

select * from typed
