-- Proves that no customer is lost or invented in any month: start + entries - exits = end in every
-- stage, each month starts with what the one before ended with, and all stages of a month together
-- hold the customers whose life began by then.
with

flow as (

    select
        *,
        lag(customers_at_end) over life as previous_end,
        row_number() over life as month_number
    from {{ ref('lifecycle_flow_monthly') }}
    window life as (partition by customer_type, stage, stage_detail order by month_start_on)

),

leaks as (

    select
        month_start_on,
        stage,
        'a stage does not balance' as leak
    from flow
    where
        customers_at_start + entries - exits <> customers_at_end
        or (month_number = 1 and customers_at_start <> 0)
        or (month_number > 1 and customers_at_start <> previous_end)

),

per_month as (

    select
        month_start_on,
        sum(customers_at_end) as customers
    from flow
    group by month_start_on

),

births as (

    select
        {{ business_date('valid_from') }} as born_on,
        count(*) as births
    from {{ ref('lifecycle_spans') }} as spans
    inner join {{ ref('int_as_of') }} as as_of
        on spans.valid_from < as_of.as_of
    where spans.span_number = 1
    group by {{ business_date('valid_from') }}

),

born as (

    select
        per_month.month_start_on,
        sum(births.births) as customers
    from per_month
    inner join births
        on births.born_on < cast({{ dbt.dateadd('month', 1, 'per_month.month_start_on') }} as date)
    group by per_month.month_start_on

),

imbalances as (

    select
        per_month.month_start_on,
        cast(null as {{ dbt.type_string() }}) as stage,
        'the month has more or fewer customers than were born' as leak
    from per_month
    left join born
        on per_month.month_start_on = born.month_start_on
    where per_month.customers <> coalesce(born.customers, 0)

),

faults as (

    select * from leaks
    union all
    select * from imbalances

)

select * from faults
