{%- set last = existing('completed_run') if is_delta_run() -%}
{%- set stopped = pending(['has_changes']) -%}
with

loads as (

    select sum(case when is_changed then 1 else 0 end) as changed_loads
    from {{ ref('landed_loads') }}

),

{% if last -%}
last_run as (

    select
        max(case when kind = 'as_of' then loaded_at end) as as_of,
        sum(case when kind = 'models' then 1 else 0 end) as made_all_models
    from {{ last }}

),

unfinished as (

    select sum(case when has_changes then 1 else 0 end) as runs
    from ({{ stopped }}) as stopped

),

judged as (

    select
        coalesce(loads.changed_loads, 0) > 0
        or coalesce(unfinished.runs, 0) > 0
        or last_run.made_all_models = 0
        or last_run.as_of != coalesce({{ as_of_literal() or 'null' }}, last_run.as_of) as has_changes,
        {{ last_run_number() }} as since_run
    from loads
    cross join last_run
    cross join unfinished

)
{%- else -%}
judged as (

    select
        true as has_changes,
        {{ last_run_number() }} as since_run
    from loads

)
{%- endif %}

select * from judged
