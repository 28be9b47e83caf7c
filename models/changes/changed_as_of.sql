{#- A delta looks again at what lies between the end of the last complete run and its own. -#}
{%- set last = existing('completed_run') if is_delta_run() -%}
with

as_of as (

    select as_of from {{ ref('int_as_of') }}

),

{% if last -%}
last_as_of as (

    select max(loaded_at) as as_of from {{ last }}
    where kind = 'as_of'

),

moved as (

    select least(as_of.as_of, last_as_of.as_of) as moved_from
    from as_of
    cross join last_as_of

),
{%- else -%}
moved as (

    select {{ start_of_time() }} as moved_from from as_of

),
{%- endif %}

described as (

    select
        moved_from,
        {{ business_date('moved_from') }} as moved_from_on
    from moved

)

select * from described
