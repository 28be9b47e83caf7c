-- Proves that each taxonomy says of every stage, and of each detail where a stage has details, what it
-- is called there or that it is outside, and of nothing else; and that a name comes with a place.
with

stages as (

    select stage from {{ ref('lifecycle_stages') }}

),

details as (

    select
        'consideration' as stage,
        'interest' as stage_detail
    union all
    select
        'consideration' as stage,
        'intent' as stage_detail
    union all
    select
        'decline' as stage,
        'silence' as stage_detail
    union all
    select
        'decline' as stage,
        'dissatisfaction' as stage_detail

),

expected as (

    select
        taxonomies.taxonomy,
        stages.stage,
        details.stage_detail
    from (select distinct taxonomy from {{ ref('stage_taxonomies') }}) as taxonomies
    cross join stages
    left join details
        on stages.stage = details.stage

),

mapped as (

    select * from {{ ref('stage_taxonomies') }}

)

select
    coalesce(expected.taxonomy, mapped.taxonomy) as taxonomy,
    coalesce(expected.stage, mapped.stage) as stage,
    coalesce(expected.stage_detail, mapped.stage_detail) as stage_detail,
    case
        when mapped.taxonomy is null then 'stage_taxonomies.csv: this stage is missing'
        when expected.taxonomy is null then 'stage_taxonomies.csv: there is no such stage and detail'
        else 'stage_taxonomies.csv: exact and folded need code, names and position, outside has none'
    end as problem
from expected
full outer join mapped
    on
        expected.taxonomy = mapped.taxonomy
        and expected.stage = mapped.stage
        and coalesce(expected.stage_detail, '') = coalesce(mapped.stage_detail, '')
where
    expected.taxonomy is null
    or mapped.taxonomy is null
    or mapped.mapping not in ('exact', 'folded', 'outside')
    or (mapped.mapping = 'outside') != (mapped.code is null)
    or (mapped.code is null) != (mapped.name_en is null)
    or (mapped.code is null) != (mapped.name_zh is null)
    or (mapped.code is null) != (mapped.position is null)
