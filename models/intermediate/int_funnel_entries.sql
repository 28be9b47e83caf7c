{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

types as (

    select * from {{ ref('interaction_types') }}
    where funnel is not null

),

-- The shop's last step is the order itself.
last_steps as (

    select
        funnel,
        max(step) + case when funnel = 'shop' then 1 else 0 end as last_step
    from types
    group by funnel

),

touches as (

    select
        customer_id,
        funnel,
        funnel_step as step,
        coalesce(counts_as = 'cart', false) as is_cart,
        occurred_at
    from {{ ref('int_interactions') }}
    where
        funnel is not null and direction = 'inbound' and customer_id is not null
        and {{ touched() }}

    union all

    select
        moments.customer_id,
        'shop' as funnel,
        last_steps.last_step as step,
        false as is_cart,
        moments.purchased_at as occurred_at
    from {{ ref('int_purchase_moments') }} as moments
    inner join last_steps
        on last_steps.funnel = 'shop'
    where {{ touched() }}

),

limited as (

    select
        touches.*,
        last_steps.last_step,
        case touches.funnel
            when 'shop' then {{ var('shop_funnel_days') }} else {{ var('b2b_funnel_days') }}
        end as window_days
    from touches
    inner join last_steps
        on touches.funnel = last_steps.funnel

),

compared as (

    select
        *,
        lag(occurred_at) over life as previous_at,
        lag(step) over life as previous_step
    from limited
    window life as (partition by customer_id, funnel order by occurred_at, step)

),

-- A walk ends with the last step, or in silence as long as the window.
begun as (

    select
        *,
        case
            when previous_at is null then occurred_at
            when previous_step = last_step and previous_at < occurred_at then occurred_at
            when occurred_at > {{ add_days('previous_at', 'window_days') }} then occurred_at
        end as began_at
    from compared

),

walks as (

    select
        *,
        count(began_at) over until_now as walk_number,
        max(began_at) over until_now as walk_began_at
    from begun
    window until_now as (
        partition by customer_id, funnel order by occurred_at, step
        rows between unbounded preceding and current row
    )

),

-- One that goes on for longer is cut into windows, so that none is open for ever.
cut as (

    select
        *,
        cast(
            floor(
                cast({{ dbt.datediff('walk_began_at', 'occurred_at', 'second') }} as {{ type_double() }})
                / (86400 * window_days)
            ) as {{ dbt.type_int() }}
        ) as window_number
    from walks

),

steps as (

    select
        customer_id,
        funnel,
        walk_number,
        window_number,
        step,
        last_step,
        min(occurred_at) as first_at,
        max(case when is_cart then 1 else 0 end) as has_cart
    from cut
    group by customer_id, funnel, walk_number, window_number, step, last_step

),

followed as (

    select
        *,
        lead(step) over entry as next_step,
        lead(first_at) over entry as next_at
    from steps
    window entry as (partition by customer_id, funnel, walk_number, window_number order by step)

),

entries as (

    select
        customer_id,
        funnel,
        walk_number,
        window_number,
        min(first_at) as entered_at,
        min(step) as nearest_step,
        max(step) as furthest_step,
        max(has_cart) = 1 as has_cart,
        dense_rank() over (partition by customer_id, funnel order by walk_number, window_number) as entry_number
    from steps
    group by customer_id, funnel, walk_number, window_number
    -- An order or contract that nothing led to was never in the funnel.
    having min(step) < max(last_step)

),

described as (

    select
        entries.customer_id,
        customers.customer_type,
        entries.funnel,
        cast(entries.entry_number as {{ dbt.type_bigint() }}) as entry_number,
        cast(followed.step as {{ dbt.type_int() }}) as step,
        cast(entries.nearest_step as {{ dbt.type_int() }}) as nearest_step,
        cast(entries.furthest_step as {{ dbt.type_int() }}) as furthest_step,
        entries.furthest_step = followed.last_step as is_completed,
        entries.has_cart,
        entries.entered_at,
        {{ business_date('entries.entered_at') }} as entered_on,
        followed.first_at,
        case when followed.next_step = followed.step + 1 then followed.next_at end as next_step_at
    from entries
    inner join followed
        on
            entries.customer_id = followed.customer_id
            and entries.funnel = followed.funnel
            and entries.walk_number = followed.walk_number
            and entries.window_number = followed.window_number
    inner join {{ ref('int_customers') }} as customers
        on entries.customer_id = customers.customer_id

)

select * from described
