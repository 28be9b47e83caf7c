{#- A delta looks again at what lies between the ends of the last complete run, of stopped ones, and its own. -#}
{%- set last = existing('completed_run') if is_delta_run() -%}
with

as_of as (

    select as_of from {{ ref('int_as_of') }}

),

{% if last -%}
ends as (

    select as_of as moved_from from as_of
    union
    select loaded_at as moved_from from {{ last }}
    where kind = 'as_of'
    union
    {{ pending(['moved_from']) }}

),

moved as (

    select min(moved_from) as moved_from from ends

),
{%- else -%}
moved as (

    select {{ start_of_time() }} as moved_from from as_of

),
{%- endif %}

described as (

    select
        moved_from,
        {{ business_date('moved_from') }} as moved_from_on,
        {{ last_run_number() }} as since_run
    from moved

)

select * from described
