with

transitions as (

    select
        changes.customer_id,
        changes.span_number,
        changes.from_stage,
        changes.to_stage,
        dates.month_start_on
    from {{ ref('lifecycle_transitions') }} as changes
    inner join {{ ref('dim_dates') }} as dates
        on changes.transitioned_on = dates.date_on

),

edges as (

    select
        *,
        row_number() over (partition by customer_id, month_start_on order by span_number asc) as place,
        row_number() over (partition by customer_id, month_start_on order by span_number desc) as place_from_end
    from transitions

),

-- Where those who moved were when the month began, and where when it was over.
moved as (

    select
        customer_id,
        month_start_on,
        min(span_number) as span_number,
        min(case when place = 1 then from_stage end) as from_stage,
        min(case when place_from_end = 1 then to_stage end) as to_stage
    from edges
    group by customer_id, month_start_on

),

-- Who came in the same month was nowhere when it began.
movers as (

    select
        customers.customer_type,
        moved.month_start_on,
        moved.from_stage,
        moved.to_stage,
        count(*) as customers
    from moved
    inner join {{ ref('lifecycle_spans') }} as left_behind
        on
            moved.customer_id = left_behind.customer_id
            and left_behind.span_number = moved.span_number - 1
    inner join {{ ref('int_customers') }} as customers
        on moved.customer_id = customers.customer_id
    where
        left_behind.span_number > 1
        or {{ business_date('left_behind.valid_from') }} < moved.month_start_on
    group by customers.customer_type, moved.month_start_on, moved.from_stage, moved.to_stage

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
    from movers
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

    select * from movers
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
