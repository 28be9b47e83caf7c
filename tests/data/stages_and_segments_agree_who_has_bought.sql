-- Proves that the first purchase moment parts a life in two, in stages and in segments alike: before
-- it prospect stages and the segment prospect, from it on a buyer's, and never back.
with

first_orders as (

    select
        customer_id,
        purchased_at as first_order_at
    from {{ ref('int_purchase_moments') }}
    where moment_number = 1

),

stages as (

    select
        spans.customer_id,
        min(spans.valid_from) as born_at,
        min(case when stages.is_buyer then spans.valid_from end) as buyer_from,
        max(case when not stages.is_buyer then spans.valid_from end) as last_prospect_from
    from {{ ref('lifecycle_spans') }} as spans
    inner join {{ ref('lifecycle_stages') }} as stages
        on spans.stage = stages.stage
    group by spans.customer_id

),

segments as (

    select
        customer_id,
        min(valid_from) as born_at,
        min(case when segment <> 'prospect' then valid_from end) as buyer_from,
        max(case when segment = 'prospect' then valid_from end) as last_prospect_from
    from {{ ref('segment_spans') }}
    group by customer_id

),

lives as (

    select
        coalesce(stages.customer_id, segments.customer_id) as customer_id,
        stages.born_at as born_by_stage_at,
        segments.born_at as born_by_segment_at,
        stages.buyer_from as buyer_by_stage_from,
        segments.buyer_from as buyer_by_segment_from,
        stages.last_prospect_from as last_prospect_by_stage_from,
        segments.last_prospect_from as last_prospect_by_segment_from
    from stages
    full outer join segments
        on stages.customer_id = segments.customer_id

),

compared as (

    select
        lives.*,
        first_orders.first_order_at
    from lives
    full outer join first_orders
        on lives.customer_id = first_orders.customer_id

)

select * from compared
where
    born_by_stage_at is distinct from born_by_segment_at
    or buyer_by_stage_from is distinct from first_order_at
    or buyer_by_segment_from is distinct from first_order_at
    or last_prospect_by_stage_from >= first_order_at
    or last_prospect_by_segment_from >= first_order_at
