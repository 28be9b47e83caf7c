with

-- Only who was seen at both steps, one after the other, tells how long it takes; the last step tells of the whole.
durations as (

    select
        entered_on,
        customer_type,
        funnel,
        step,
        'next' as until,
        {{ dbt.datediff('first_at', 'next_step_at', 'second') }} as seconds
    from {{ ref('int_funnel_entries') }}
    where next_step_at >= first_at

    union all

    select
        entered_on,
        customer_type,
        funnel,
        step,
        'last' as until,
        {{ dbt.datediff('entered_at', 'first_at', 'second') }} as seconds
    from {{ ref('int_funnel_entries') }}
    where is_completed and step = furthest_step

),

ranged as (

    select
        *,
        cast({{ dbt.date_trunc('month', 'entered_on') }} as date) as month_start_on,
        cast(floor(16 * ln(cast(greatest(seconds, 0) + 1 as {{ type_double() }}))) as {{ dbt.type_int() }})
            as range_number
    from durations

),

-- A median aggregate holds every value of every group at once. Counted by ranges, only those of the middle
-- have to be put in order.
ranges as (

    select
        month_start_on,
        customer_type,
        funnel,
        step,
        until,
        range_number,
        count(*) as entries
    from ranged
    group by month_start_on, customer_type, funnel, step, until, range_number

),

placed as (

    select
        *,
        sum(entries) over (
            partition by month_start_on, customer_type, funnel, step, until order by range_number
            rows between unbounded preceding and current row
        ) - entries as entries_before,
        sum(entries) over (partition by month_start_on, customer_type, funnel, step, until) as all_entries
    from ranges

),

middles as (

    select * from placed
    where
        2 * entries_before <= all_entries
        and 2 * (entries_before + entries) >= all_entries

),

ordered as (

    select
        ranged.*,
        middles.all_entries,
        middles.entries_before + row_number() over (
            partition by
                ranged.month_start_on, ranged.customer_type, ranged.funnel, ranged.step, ranged.until,
                ranged.range_number
            order by ranged.seconds
        ) as place
    from ranged
    inner join middles
        on
            ranged.month_start_on = middles.month_start_on
            and ranged.customer_type = middles.customer_type
            and ranged.funnel = middles.funnel
            and ranged.step = middles.step
            and ranged.until = middles.until
            and ranged.range_number = middles.range_number

),

-- The one in the middle, or the two.
described as (

    select
        month_start_on,
        customer_type,
        funnel,
        step,
        {{ rate("avg(case when until = 'next' then cast(seconds as " ~ type_double() ~ ") end)", 3600) }}
            as median_hours_to_next,
        {{ rate("avg(case when until = 'last' then cast(seconds as " ~ type_double() ~ ") end)", 86400) }}
            as median_cycle_days
    from ordered
    where 2 * place between all_entries and all_entries + 2
    group by month_start_on, customer_type, funnel, step

)

select * from described
