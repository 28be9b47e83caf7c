{#- A run of some models is not complete: what is known of the last complete one stays. -#}
{%- set is_whole = is_whole_run() if execute -%}
{%- set last = existing('completed_run') if is_delta_run() or not is_whole -%}
{%- set text, moment, whole = dbt.type_string(), dbt.type_timestamp(), dbt.type_bigint() -%}

{{ after_all_models() }}
{{ after('completed_identities') }}

with

runs as (

    {% if last -%}
    select max(run_number) + 1 as run_number from {{ last }}
    {%- else -%}
    select 1 as run_number
    {%- endif %}

),

facts as (

    select
        'load' as kind,
        table_name as name,
        load_key as item,
        load_id,
        loaded_at,
        landed_rows,
        has_blank_keys
    from {{ ref('landed_loads') }}
    where landed_rows > 0

    union all

    select
        'policy' as kind,
        'policy' as name,
        '{{ policy_hash() if execute }}' as item,
        cast(null as {{ text }}) as load_id,
        cast(null as {{ moment }}) as loaded_at,
        cast(null as {{ whole }}) as landed_rows,
        cast(null as boolean) as has_blank_keys

    union all

    select
        'parameter' as kind,
        customer_type as name,
        {{ parameter_text() }} as item,
        cast(null as {{ text }}) as load_id,
        cast(null as {{ moment }}) as loaded_at,
        cast(null as {{ whole }}) as landed_rows,
        cast(null as boolean) as has_blank_keys
    from {{ ref('int_parameters') }}

    union all

    select
        'as_of' as kind,
        'as_of' as name,
        cast(as_of as {{ text }}) as item,
        cast(null as {{ text }}) as load_id,
        as_of as loaded_at,
        cast(null as {{ whole }}) as landed_rows,
        cast(null as boolean) as has_blank_keys
    from {{ ref('int_as_of') }}

),

completed as (

    {% if last and not is_whole -%}
    select
        kind,
        name,
        item,
        load_id,
        loaded_at,
        landed_rows,
        has_blank_keys,
        run_number
    from {{ last }}

    union all

    {% endif -%}
    select
        facts.kind,
        facts.name,
        facts.item,
        facts.load_id,
        facts.loaded_at,
        facts.landed_rows,
        facts.has_blank_keys,
        cast(runs.run_number as {{ whole }}) as run_number
    from facts
    cross join runs
    {{ 'where 1 = 0' if execute and not is_whole }}

)

select * from completed
