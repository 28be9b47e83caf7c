with

accounting as (

    select
        *,
        {{ quarantine_limit('table_name') }} as quarantined_limit_rate
    from {{ ref('row_accounting') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

load_days as (

    select * from {{ ref('int_load_days') }}

),

faulty_rows as (

    select
        table_name,
        fault,
        case when loaded_at is not null then {{ business_date('loaded_at') }} end as loaded_on,
        count(*) as faulty_rows
    from {{ ref('quarantined_rows') }}
    group by table_name, fault, case when loaded_at is not null then {{ business_date('loaded_at') }} end

),

faults as (

    select
        table_name,
        fault,
        sum(faulty_rows) as faulty_rows,
        row_number() over (
            partition by table_name
            order by sum(faulty_rows) desc, {{ sortable('fault') }} asc
        ) as frequency_rank
    from faulty_rows
    group by table_name, fault

),

fault_kinds as (

    select
        table_name,
        count(*) as fault_kinds,
        max(case when frequency_rank = 1 then fault end) as most_frequent_fault,
        max(case when frequency_rank = 1 then faulty_rows end) as most_frequent_fault_rows
    from faults
    group by table_name

),

words as (

    select
        table_name,
        count(*) as unmapped_words
    from {{ ref('unmapped_words') }}
    group by table_name

),

faulty_days as (

    select
        table_name,
        loaded_on,
        sum(faulty_rows) as faulty_rows
    from faulty_rows
    where loaded_on is not null
    group by table_name, loaded_on

),

counted_days as (

    select
        load_days.*,
        coalesce(faulty_days.faulty_rows, 0) as faulty_rows,
        row_number() over (partition by load_days.table_name order by load_days.loaded_on desc) as recency
    from load_days
    left join faulty_days
        on
            load_days.table_name = faulty_days.table_name
            and load_days.loaded_on = faulty_days.loaded_on

),

last_days as (

    select
        *,
        {{ rate('faulty_rows', 'landed_rows') }} as quarantined_rate
    from counted_days
    where recency = 1

),

earlier_days as (

    select
        table_name,
        percentile_cont(0.5) within group (order by cast(landed_rows as {{ type_double() }})) as usual_rows,
        {{ rate('sum(faulty_rows)', 'sum(landed_rows)') }} as quarantined_rate
    from counted_days
    where recency > 1
    group by table_name

),

summary as (

    select
        accounting.table_name,
        as_of.as_of,
        accounting.raw_rows,
        accounting.staged_rows,
        accounting.duplicate_rows,
        accounting.quarantined_rows,
        accounting.erased_rows,
        accounting.quarantined_rate,
        cast(accounting.quarantined_limit_rate as decimal(18, 6)) as quarantined_limit_rate,
        {{ is_within_quarantine_limit(
            'accounting.quarantined_rows', 'accounting.raw_rows', 'accounting.quarantined_rate',
            'accounting.quarantined_limit_rate'
        ) }} as is_within_limit,
        cast(coalesce(fault_kinds.fault_kinds, 0) as {{ dbt.type_bigint() }}) as fault_kinds,
        fault_kinds.most_frequent_fault,
        cast(coalesce(fault_kinds.most_frequent_fault_rows, 0) as {{ dbt.type_bigint() }})
            as most_frequent_fault_rows,
        cast(coalesce(words.unmapped_words, 0) as {{ dbt.type_bigint() }}) as unmapped_words,
        accounting.newest_event_at,
        cast(
            {{ dbt.datediff(business_date('accounting.newest_event_at'), 'as_of.as_of_on', 'day') }}
            as {{ dbt.type_bigint() }}
        ) as freshness_days,
        last_days.last_loaded_at,
        last_days.landed_rows as last_load_rows,
        cast(floor(earlier_days.usual_rows + 0.5) as {{ dbt.type_bigint() }}) as usual_load_rows,
        last_days.quarantined_rate as last_load_quarantined_rate,
        earlier_days.quarantined_rate as earlier_quarantined_rate,
        case
            when last_days.quarantined_rate < earlier_days.quarantined_rate then 'better'
            when last_days.quarantined_rate > earlier_days.quarantined_rate then 'worse'
            when last_days.quarantined_rate = earlier_days.quarantined_rate then 'same'
        end as quarantine_trend
    from accounting
    cross join as_of
    left join fault_kinds
        on accounting.table_name = fault_kinds.table_name
    left join words
        on accounting.table_name = words.table_name
    left join last_days
        on accounting.table_name = last_days.table_name
    left join earlier_days
        on accounting.table_name = earlier_days.table_name

)

select * from summary
