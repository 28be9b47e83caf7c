-- Proves that every staged assignment has a unit, and every unit an assignment.
with

assignments as (

    select
        staged._row_key,
        resolved.experiment_id,
        resolved.customer_id
    from {{ ref('stg_experiment_assignments') }} as staged
    left join {{ ref('int_experiment_assignments') }} as resolved
        on staged._row_key = resolved.assignment_key

),

lost as (

    select
        assignments._row_key,
        units.experiment_id,
        units.customer_id
    from assignments
    full outer join {{ ref('int_experiment_units') }} as units
        on
            assignments.experiment_id = units.experiment_id
            and assignments.customer_id = units.customer_id
    where assignments._row_key is null or units.customer_id is null

)

select * from lost
