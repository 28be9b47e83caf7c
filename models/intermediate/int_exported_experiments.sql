with

exports as (

    select * from {{ ref('stg_exports') }}

),

-- An audience exported twice from one build is one experiment.
experiments as (

    select
        experiment_id,
        min(audience) as audience,
        min(action_code) as action_code,
        min(offer_type) as offer_type,
        min(channel) as channel
    from exports
    group by experiment_id

)

select * from experiments
