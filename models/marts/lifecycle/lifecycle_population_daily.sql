with

as_of as (

    select * from {{ ref('int_as_of') }}

),

dates as (

    select date_on from {{ ref('dim_dates') }}

),

spans as (

    select
        spans.stage,
        coalesce(spans.stage_detail, '') as stage_detail,
        customers.customer_type,
        {{ business_date('spans.valid_from') }} as entered_on,
        case when spans.valid_to < as_of.as_of then {{ business_date('spans.valid_to') }} end as left_on
    from {{ ref('lifecycle_spans') }} as spans
    inner join {{ ref('int_customers') }} as customers
        on spans.customer_id = customers.customer_id
    inner join as_of
        on spans.valid_from < as_of.as_of

),

movements as (

    select
        entered_on as date_on,
        customer_type,
        stage,
        stage_detail,
        1 as entries,
        0 as exits
    from spans

    union all

    select
        left_on as date_on,
        customer_type,
        stage,
        stage_detail,
        0 as entries,
        1 as exits
    from spans
    where left_on is not null

),

per_day as (

    select
        date_on,
        customer_type,
        stage,
        stage_detail,
        sum(entries) as entries,
        sum(exits) as exits
    from movements
    group by date_on, customer_type, stage, stage_detail

),

populations as (

    select
        customer_type,
        stage,
        stage_detail
    from per_day
    group by customer_type, stage, stage_detail

),

every_day as (

    select
        dates.date_on,
        populations.customer_type,
        populations.stage,
        populations.stage_detail,
        coalesce(per_day.entries, 0) as entries,
        coalesce(per_day.exits, 0) as exits
    from dates
    cross join populations
    left join per_day
        on
            dates.date_on = per_day.date_on
            and populations.customer_type = per_day.customer_type
            and populations.stage = per_day.stage
            and populations.stage_detail = per_day.stage_detail

),

accumulated as (

    select
        date_on,
        customer_type,
        stage,
        nullif(stage_detail, '') as stage_detail,
        cast(entries as {{ dbt.type_bigint() }}) as entries,
        cast(exits as {{ dbt.type_bigint() }}) as exits,
        cast(
            sum(entries - exits) over (
                partition by customer_type, stage, stage_detail order by date_on
                rows between unbounded preceding and current row
            ) as {{ dbt.type_bigint() }}
        ) as customers
    from every_day

)

select * from accumulated
