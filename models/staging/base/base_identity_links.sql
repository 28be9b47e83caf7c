with

links as (

    select * from {{ ref('raw_identity_links') }}

),

{{ latest_version(ref('raw_identity_links')) }},

-- Each id keeps its latest merge.
ranked_merges as (

    select
        source_id,
        target_id,
        row_number() over (
            partition by source_id
            order by linked_at desc, {{ sortable('link_id') }} desc
        ) as recency
    from latest
    where link_type = 'merge'

),

latest_merges as (

    select
        source_id,
        target_id
    from ranked_merges
    where recency = 1

),

-- Six pointer jumps, each doubling the steps: chains of up to 64 merges.
jump_0 as (

    select
        source_id,
        target_id as end_id
    from latest_merges

),

{% for jump in range(1, 7) -%}
jump_{{ jump }} as (

    select
        near.source_id,
        coalesce(far.end_id, near.end_id) as end_id
    from jump_{{ jump - 1 }} as near
    left join jump_{{ jump - 1 }} as far
        on near.end_id = far.source_id

),

{% endfor -%}
-- Whoever has not arrived at an id without a merge by now runs in a cycle or too far.
roots as (

    select
        jump_6.source_id,
        case when latest_merges.source_id is null then jump_6.end_id end as root_id
    from jump_6
    left join latest_merges
        on jump_6.end_id = latest_merges.source_id

),

checked as (

    select
        links.*,
        case when links.link_type = 'merge' then roots.root_id end as root_id,
        coalesce(
            links._contract_fault,
            case
                when links.link_type not in ('login', 'merge')
                    then 'link_type is neither login nor merge'
                when links.link_type = 'merge' and roots.root_id is null
                    then 'merge runs in a cycle or over more than 64 steps'
            end
        ) as _fault
    from links
    left join roots
        on links.source_id = roots.source_id

)

select * from checked
