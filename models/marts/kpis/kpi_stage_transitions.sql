with

{{ with_moves() }},

moves as (

    select
        customer_type,
        month_start_on,
        from_stage,
        to_stage,
        count(*) as customers
    from movers
    group by customer_type, month_start_on, from_stage, to_stage

),

starts as (

    select
        month_start_on,
        customer_type,
        stage,
        sum(customers_at_start) as customers
    from {{ ref('lifecycle_flow_monthly') }}
    group by month_start_on, customer_type, stage

),

gone as (

    select
        customer_type,
        month_start_on,
        from_stage,
        sum(customers) as customers
    from moves
    group by customer_type, month_start_on, from_stage

),

-- The others stayed: nobody has to be looked at for that.
stayed as (

    select
        starts.customer_type,
        starts.month_start_on,
        starts.stage as from_stage,
        starts.stage as to_stage,
        starts.customers - coalesce(gone.customers, 0) as customers
    from starts
    left join gone
        on
            starts.customer_type = gone.customer_type
            and starts.month_start_on = gone.month_start_on
            and starts.stage = gone.from_stage

),

pairs as (

    select * from moves
    union all
    select * from stayed

),

counted as (

    select
        month_start_on,
        customer_type,
        from_stage,
        to_stage,
        sum(customers) as customers
    from pairs
    group by month_start_on, customer_type, from_stage, to_stage
    having sum(customers) > 0

),

complete_months as (

    select distinct
        month_start_on,
        is_month_complete
    from {{ ref('dim_dates') }}

),

described as (

    select
        counted.month_start_on,
        counted.customer_type,
        counted.from_stage,
        counted.to_stage,
        complete_months.is_month_complete,
        cast(counted.customers as {{ dbt.type_bigint() }}) as customers,
        cast(sum(counted.customers) over leaving as {{ dbt.type_bigint() }}) as customers_at_start,
        case
            when complete_months.is_month_complete
                then {{ rate('counted.customers', 'sum(counted.customers) over leaving') }}
        end as transition_rate
    from counted
    inner join complete_months
        on counted.month_start_on = complete_months.month_start_on
    window
        leaving as (partition by counted.month_start_on, counted.customer_type, counted.from_stage)

)

select * from described
