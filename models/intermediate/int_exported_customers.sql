with

experiments as (

    select * from {{ ref('int_exported_experiments') }}

),

assignments as (

    select * from {{ ref('stg_experiment_assignments') }}
    where customer_id is not null

),

contacts as (

    select * from {{ ref('int_contacts') }}

),

exported as (

    select
        contacts.customer_id,
        experiments.experiment_id,
        experiments.audience,
        experiments.action_code,
        min(assignments.assigned_at) as exported_at
    from assignments
    inner join experiments
        on assignments.experiment_id = experiments.experiment_id
    inner join contacts
        on assignments.customer_id = contacts.contact_id
    inner join {{ ref('int_as_of') }} as as_of
        on assignments.assigned_at < as_of.as_of
    group by contacts.customer_id, experiments.experiment_id, experiments.audience, experiments.action_code

),

described as (

    select
        *,
        {{ business_date('exported_at') }} as exported_on
    from exported

)

select * from described
