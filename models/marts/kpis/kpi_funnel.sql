with

as_of as (

    select * from {{ ref('int_as_of') }}

),

words as (

    select
        funnel,
        step,
        min({{ sortable('interaction_type') }}) as step_name
    from {{ ref('interaction_types') }}
    where funnel is not null
    group by funnel, step

),

steps as (

    select
        funnel,
        step,
        step_name
    from words
    union all
    select
        'shop' as funnel,
        max(step) + 1 as step,
        'order' as step_name
    from words
    where funnel = 'shop'
    having count(*) > 0

),

last_steps as (

    select
        funnel,
        max(step) as last_step
    from steps
    group by funnel

),

-- The step nearest to the beginning stands for its entry.
entries as (

    select
        dates.month_start_on,
        entries.customer_type,
        entries.funnel,
        entries.furthest_step,
        count(*) as entries,
        sum(case when entries.has_cart then 1 else 0 end) as carts,
        sum(case when entries.has_cart and not entries.is_completed then 1 else 0 end) as abandoned_carts
    from {{ ref('int_funnel_entries') }} as entries
    inner join {{ ref('dim_dates') }} as dates
        on entries.entered_on = dates.date_on
    where entries.step = entries.nearest_step
    group by dates.month_start_on, entries.customer_type, entries.funnel, entries.furthest_step

),

reached as (

    select
        entries.month_start_on,
        entries.customer_type,
        entries.funnel,
        steps.step,
        sum(entries.entries) as units,
        sum(case when entries.furthest_step >= steps.step then entries.entries else 0 end) as reached,
        sum(case when entries.furthest_step > steps.step then entries.entries else 0 end) as reached_next,
        sum(entries.carts) as carts,
        sum(entries.abandoned_carts) as abandoned_carts
    from entries
    inner join steps
        on entries.funnel = steps.funnel
    group by entries.month_start_on, entries.customer_type, entries.funnel, steps.step

),

aged as (

    select
        reached.*,
        steps.step_name,
        reached.step = last_steps.last_step as is_last_step,
        medians.median_hours_to_next,
        medians.median_cycle_days,
        case reached.funnel
            when 'shop' then {{ is_month_over('reached.month_start_on', var('shop_funnel_days')) }}
            else {{ is_month_over('reached.month_start_on', var('b2b_funnel_days')) }}
        end as is_mature
    from reached
    cross join as_of
    inner join steps
        on
            reached.funnel = steps.funnel
            and reached.step = steps.step
    inner join last_steps
        on reached.funnel = last_steps.funnel
    left join {{ ref('int_funnel_medians') }} as medians
        on
            reached.month_start_on = medians.month_start_on
            and reached.customer_type = medians.customer_type
            and reached.funnel = medians.funnel
            and reached.step = medians.step

),

described as (

    select
        month_start_on,
        customer_type,
        funnel,
        cast(step as {{ dbt.type_int() }}) as step,
        step_name,
        is_mature,
        cast(units as {{ dbt.type_bigint() }}) as units,
        cast(reached as {{ dbt.type_bigint() }}) as reached,
        cast(case when not is_last_step then reached_next end as {{ dbt.type_bigint() }}) as reached_next,
        case when is_mature and not is_last_step then {{ rate('reached_next', 'reached') }} end as conversion_rate,
        case when is_mature then {{ rate('reached', 'units') }} end as conversion_from_entry_rate,
        case when is_mature then median_hours_to_next end as median_hours_to_next,
        cast(case when is_last_step and carts > 0 then carts end as {{ dbt.type_bigint() }}) as carts,
        cast(case when is_last_step and carts > 0 then abandoned_carts end as {{ dbt.type_bigint() }})
            as abandoned_carts,
        case when is_mature and is_last_step then {{ rate('abandoned_carts', 'carts') }} end
            as cart_abandonment_rate,
        case when is_mature then median_cycle_days end as median_cycle_days
    from aged

)

select * from described
