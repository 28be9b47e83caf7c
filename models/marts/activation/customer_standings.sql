with

stages as (

    select * from {{ ref('lifecycle_current') }}

),

-- The churn or decline that lasts.
losses as (

    select
        customer_id,
        stage,
        churn_reason
    from {{ ref('losses') }}
    where ended_at is null

),

offers as (

    select * from {{ ref('campaign_offers') }}

),

-- The effort for who has not bought is not graded by value: nobody knows it yet.
described as (

    select
        stages.customer_id,
        stages.customer_type,
        stages.stage,
        stages.stage_detail,
        stages.stage_since_at,
        stages.next_stage,
        stages.next_stage_at,
        segments.segment,
        segments.segment_since_at,
        health.value_tier,
        health.decline_step,
        coalesce(health.effort_level, 'standard') as effort_level,
        losses.churn_reason,
        customers.last_order_at,
        customer_values.expected_next_order_on,
        categories.category as main_category,
        cast(offers.discount_rate as decimal(18, 6)) as discount_rate,
        offers.link as offer_link,
        stages.as_of
    from stages
    inner join {{ ref('customer_segments') }} as segments
        on stages.customer_id = segments.customer_id
    left join {{ ref('customer_health') }} as health
        on stages.customer_id = health.customer_id
    left join {{ ref('customer_value') }} as customer_values
        on stages.customer_id = customer_values.customer_id
    left join losses
        on
            stages.customer_id = losses.customer_id
            and stages.stage = losses.stage
    left join {{ ref('dim_customers') }} as customers
        on stages.customer_id = customers.customer_id
    left join {{ ref('int_main_categories') }} as categories
        on stages.customer_id = categories.customer_id
    left join offers as own_offers
        on categories.category = own_offers.category
    inner join offers
        on coalesce(own_offers.category, 'any') = offers.category

)

select * from described
