with

recent as (

    select
        month_start_on,
        customer_type,
        journey,
        step_position,
        step
    from {{ ref('kpi_journey_steps') }}
    where period = 'recent'

),

bounds as (

    select
        journey,
        min(month_start_on) as first_month_on,
        max(month_start_on) as last_month_on
    from recent
    group by journey

),

{{ with_moves("dates.month_start_on >= (select bounds.first_month_on from bounds where bounds.journey = 'stages')") }},

entries as (

    select
        entries.customer_id,
        entries.customer_type,
        entries.funnel,
        entries.furthest_step,
        entries.has_cart,
        entries.is_completed,
        cast({{ dbt.date_trunc('month', 'entries.entered_on') }} as date) as month_start_on
    from {{ ref('int_funnel_entries') }} as entries
    where entries.entered_on >= (select min(bounds.first_month_on) from bounds)
    -- One row per entry: the entry's own facts stand in each of its steps.
    group by
        entries.customer_id, entries.customer_type, entries.funnel, entries.entry_number, entries.furthest_step,
        entries.has_cart, entries.is_completed, entries.entered_on

),

new_buyers as (

    select
        *,
        cast({{ dbt.date_trunc('month', 'first_order_on') }} as date) as month_start_on
    from {{ ref('int_onboarding') }}

),

drops as (

    select
        recent.customer_type,
        recent.journey,
        recent.step,
        recent.month_start_on,
        movers.customer_id
    from recent
    inner join movers
        on
            recent.customer_type = movers.customer_type
            and recent.month_start_on = movers.month_start_on
            and recent.step = movers.from_stage
    where recent.journey = 'stages' and {{ is_lapsed('movers.to_stage') }} and movers.to_stage != movers.from_stage

    union all

    select
        recent.customer_type,
        recent.journey,
        recent.step,
        recent.month_start_on,
        entries.customer_id
    from recent
    inner join entries
        on
            recent.customer_type = entries.customer_type
            and recent.month_start_on = entries.month_start_on
            and recent.journey = entries.funnel
            and recent.step_position = entries.furthest_step

    union all

    select
        recent.customer_type,
        recent.journey,
        recent.step,
        recent.month_start_on,
        entries.customer_id
    from recent
    inner join entries
        on
            recent.customer_type = entries.customer_type
            and recent.month_start_on = entries.month_start_on
    where recent.journey = 'cart' and entries.has_cart and not entries.is_completed

    union all

    select
        recent.customer_type,
        recent.journey,
        recent.step,
        recent.month_start_on,
        new_buyers.customer_id
    from recent
    inner join new_buyers
        on
            recent.customer_type = new_buyers.customer_type
            and recent.month_start_on = new_buyers.month_start_on
    where recent.journey = 'onboarding' and new_buyers.second_order_at is null

),

counted as (

    select
        customer_type,
        journey,
        step,
        customer_id,
        count(*) as drops,
        max(month_start_on) as last_month_on
    from drops
    group by customer_type, journey, step, customer_id

),

-- What each had brought in the twelve months that the last of these drops ended.
past as (

    select
        counted.journey,
        counted.step,
        counted.customer_id,
        sum(months.revenue_amount) as past_year_amount
    from counted
    inner join {{ ref('fct_customer_months') }} as months
        on
            counted.customer_id = months.customer_id
            and months.month_start_on <= counted.last_month_on
            and months.month_start_on > cast({{ dbt.dateadd('month', -12, 'counted.last_month_on') }} as date)
    group by counted.journey, counted.step, counted.customer_id

),

described as (

    select
        counted.customer_type,
        counted.journey,
        counted.step,
        counted.customer_id,
        cast(counted.drops as {{ dbt.type_bigint() }}) as drops,
        counted.last_month_on,
        {{ to_total('coalesce(past.past_year_amount, 0)') }} as past_year_amount
    from counted
    left join past
        on
            counted.journey = past.journey
            and counted.step = past.step
            and counted.customer_id = past.customer_id

)

select * from described
