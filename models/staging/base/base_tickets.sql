with

landed as (

    select rows_to_stage.* from {{ working_set('tickets') }} as rows_to_stage

),

checked as (

    select
        *,
        _contract_fault as _fault
    from landed

)

select * from checked
