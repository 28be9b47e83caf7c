{#- What an earlier run found and did not complete is still to be done, even when its rows are gone again. -#}
{%- set own = existing('changed_anything') if is_delta_run() -%}
{%- set last = existing('completed_run') if own -%}
with

loads as (

    select sum(case when is_changed then 1 else 0 end) as changed_loads
    from {{ ref('landed_loads') }}

),

{% if last -%}
last_run as (

    select
        max(run_number) as run_number,
        max(case when kind = 'as_of' then loaded_at end) as as_of,
        sum(case when kind = 'models' then 1 else 0 end) as made_all_models
    from {{ last }}

),

unfinished as (

    select count(*) as runs
    from {{ own }} as own
    inner join last_run
        on own.since_run = last_run.run_number
    where own.has_changes

),

judged as (

    select
        coalesce(loads.changed_loads, 0) > 0
        or unfinished.runs > 0
        or last_run.made_all_models = 0
        or last_run.as_of != coalesce({{ as_of_literal() or 'null' }}, last_run.as_of) as has_changes,
        cast(last_run.run_number as {{ dbt.type_bigint() }}) as since_run
    from loads
    cross join last_run
    cross join unfinished

)
{%- else -%}
judged as (

    select
        true as has_changes,
        cast(0 as {{ dbt.type_bigint() }}) as since_run
    from loads

)
{%- endif %}

select * from judged
