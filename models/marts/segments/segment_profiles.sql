with

segments as (

    select * from {{ ref('segments') }}

),

members as (

    select
        current_segments.segment,
        current_segments.customer_id,
        customers.customer_type,
        rfm.recency_days,
        rfm.order_moments,
        rfm.net_amount
    from {{ ref('customer_segments') }} as current_segments
    inner join {{ ref('int_customers') }} as customers
        on current_segments.customer_id = customers.customer_id
    left join {{ ref('customer_rfm') }} as rfm
        on current_segments.customer_id = rfm.customer_id

),

totals as (

    select
        customer_type,
        count(*) as customers,
        sum(net_amount) as net_amount
    from members
    group by customer_type

),

profiles as (

    select
        members.segment,
        members.customer_type,
        count(*) as customers,
        sum(members.net_amount) as net_amount,
        sum(members.recency_days) as recency_days,
        sum(members.order_moments) as order_moments,
        count(members.recency_days) as buyers
    from members
    group by members.segment, members.customer_type

),

described as (

    select
        profiles.segment,
        profiles.customer_type,
        segments.name_en as segment_name_en,
        segments.name_zh as segment_name_zh,
        cast(segments.position as {{ dbt.type_int() }}) as segment_position,
        cast(profiles.customers as {{ dbt.type_bigint() }}) as customers,
        {{ rate('profiles.customers', 'totals.customers') }} as customer_share_rate,
        {{ to_total('coalesce(profiles.net_amount, 0)') }} as net_amount,
        {{ rate('coalesce(profiles.net_amount, 0)', 'totals.net_amount') }} as net_amount_share_rate,
        {{ rate('profiles.recency_days', 'profiles.buyers') }} as mean_recency_days,
        {{ rate('profiles.order_moments', 'profiles.buyers') }} as mean_order_moments,
        {{ to_total(
            'cast(profiles.net_amount as ' ~ type_double() ~ ') / nullif(profiles.buyers, 0)'
        ) }} as mean_net_amount
    from profiles
    inner join totals
        on profiles.customer_type = totals.customer_type
    inner join segments
        on profiles.segment = segments.segment

)

select * from described
