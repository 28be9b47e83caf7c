-- Proves that at the end of every complete month everybody whose life has begun is in exactly one
-- segment: as many rows as lives (a key test forbids two of one customer), and none without a life.
with

lives as (

    select
        customer_id,
        min(valid_from) as born_at
    from {{ ref('lifecycle_spans') }}
    group by customer_id

),

month_ends as (

    select
        date_on as month_end_on,
        {{ start_of_business_date(add_days_to_date('date_on', 1)) }} as over_at
    from (
        select max(date_on) as date_on
        from {{ ref('dim_dates') }}
        where is_month_complete
        group by month_start_on
    ) as last_days

),

living as (

    select
        month_ends.month_end_on,
        count(lives.customer_id) as customers
    from month_ends
    left join lives
        on lives.born_at < month_ends.over_at
    group by month_ends.month_end_on

),

segmented as (

    select
        history.month_end_on,
        count(*) as customers,
        count(case when lives.born_at < month_ends.over_at and history.segment is not null then 1 end)
            as living_customers
    from {{ ref('customer_segment_history') }} as history
    left join month_ends
        on history.month_end_on = month_ends.month_end_on
    left join lives
        on history.customer_id = lives.customer_id
    group by history.month_end_on

),

compared as (

    select
        coalesce(living.month_end_on, segmented.month_end_on) as month_end_on,
        coalesce(living.customers, 0) as living_customers,
        coalesce(segmented.customers, 0) as segmented_customers,
        coalesce(segmented.living_customers, 0) as segmented_living_customers
    from living
    full outer join segmented
        on living.month_end_on = segmented.month_end_on

)

select * from compared
where
    living_customers <> segmented_customers
    or living_customers <> segmented_living_customers
