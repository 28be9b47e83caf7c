{{ config(materialized='view') }}

with

taxonomies as (

    select * from {{ ref('stage_taxonomies') }}

),

named as (

    select
        taxonomies.taxonomy,
        spans.customer_id,
        taxonomies.code,
        taxonomies.name_en,
        taxonomies.name_zh,
        taxonomies.position,
        spans.valid_from,
        spans.valid_to
    from {{ ref('lifecycle_spans') }} as spans
    inner join taxonomies
        on
            spans.stage = taxonomies.stage
            and coalesce(spans.stage_detail, '') = coalesce(taxonomies.stage_detail, '')

),

compared as (

    select
        *,
        lag(code) over life as preceding_code,
        row_number() over life as place
    from named
    window life as (partition by taxonomy, customer_id order by valid_from)

),

-- Stages that the taxonomy calls by one name are one span; outside of it there is none.
changes as (

    select *
    from compared
    where place = 1 or code is distinct from preceding_code

),

bounded as (

    select
        taxonomy,
        customer_id,
        code,
        name_en,
        name_zh,
        cast(position as {{ dbt.type_int() }}) as position,
        valid_from,
        lead(valid_from) over (partition by taxonomy, customer_id order by valid_from) as valid_to
    from changes

),

inside as (

    select *
    from bounded
    where code is not null

)

select * from inside
