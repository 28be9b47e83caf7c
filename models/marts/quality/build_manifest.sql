with

as_of as (

    select * from {{ ref('int_as_of') }}

),

parameters as (

    select
        count(*) as fitted_parameters,
        max(cut_off) as newest_cut_off,
        {{ dbt.hash(ordered_list(
            "parameter || ':' || customer_type || ':' || cast(cut_off as " ~ dbt.type_string()
            ~ ") || ':' || cast(value as " ~ dbt.type_string() ~ ")"
        )) }} as parameter_hash
    from {{ ref('int_parameters') }}
    where not is_default

),

loads as (

    select
        count(distinct load_id) as loads,
        max(loaded_at) as last_loaded_at,
        {{ dbt.hash(ordered_list("load_id || ':' || table_name")) }} as load_hash
    from {{ ref('stg_loads') }}

),

manifest as (

    select
        as_of.as_of,
        as_of.as_of_on,
        '{{ rule_hash() }}' as rule_hash,
        '{{ var('reporting_timezone') }}' as reporting_timezone,
        '{{ var('reporting_currency') }}' as reporting_currency,
        cast({{ var('campaign_window_days') }} as {{ dbt.type_bigint() }}) as campaign_window_days,
        cast(parameters.fitted_parameters as {{ dbt.type_bigint() }}) as fitted_parameters,
        parameters.newest_cut_off as parameters_cut_off,
        parameters.parameter_hash,
        cast(loads.loads as {{ dbt.type_bigint() }}) as loads,
        loads.last_loaded_at,
        loads.load_hash
    from as_of
    cross join parameters
    cross join loads

)

select * from manifest
