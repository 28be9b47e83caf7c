with

as_of as (

    select * from {{ ref('int_as_of') }}

),

-- What was bought before as_of, and nothing later.
measured as (

    select
        moments.customer_id,
        max(moments.customer_type) as customer_type,
        max(moments.purchased_at) as last_order_at,
        cast(count(*) as {{ dbt.type_bigint() }}) as order_moments,
        {{ to_total('sum(moments.net_amount)') }} as net_amount,
        cast({{ dbt.datediff('max(moments.purchased_on)', 'max(as_of.as_of_on)', 'day') }} as {{ dbt.type_bigint() }})
            as recency_days
    from {{ ref('int_purchase_moments') }} as moments
    inner join as_of
        on moments.purchased_at < as_of.as_of
    group by moments.customer_id

),

-- rank() keeps ties together; ntile() would split them.
ranked as (

    select
        *,
        count(*) over (partition by customer_type) as customers,
        rank() over (partition by customer_type order by last_order_at asc) as recency_rank,
        rank() over (partition by customer_type order by order_moments asc) as frequency_rank,
        rank() over (partition by customer_type order by net_amount asc) as monetary_rank
    from measured

),

scored as (

    select
        customer_id,
        customer_type,
        last_order_at,
        recency_days,
        order_moments,
        net_amount,
        {{ quintile('recency_rank', 'customers') }} as recency_score,
        {{ quintile('frequency_rank', 'customers') }} as frequency_score,
        {{ quintile('monetary_rank', 'customers') }} as monetary_score
    from ranked

)

select * from scored
