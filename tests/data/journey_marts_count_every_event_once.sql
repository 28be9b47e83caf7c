-- Proves that no answer, ticket, touch or buyer is lost or counted twice on its way into a KPI mart: each
-- finds one stay in one stage, one month, one row.
with

touches as (

    select * from {{ ref('int_interactions') }}
    where customer_id is not null

),

buyers as (

    select * from {{ ref('dim_customers') }}
    where is_buyer

),

last_month as (

    select * from {{ ref('kpi_loyalty') }}
    where month_start_on = (select max(dates.month_start_on) from {{ ref('dim_dates') }} as dates)

),

counts as (

    select
        'kpi_feedback' as mart,
        (select count(*) from {{ ref('stg_feedback') }}) as events,
        (select sum(answers) from {{ ref('kpi_feedback') }}) as counted

    union all

    select
        'kpi_service' as mart,
        (select count(*) from {{ ref('stg_tickets') }}) as events,
        (select sum(tickets) from {{ ref('kpi_service') }}) as counted

    union all

    select
        'kpi_journey_map' as mart,
        (select count(*) from touches) as events,
        (select sum(touches) from {{ ref('kpi_journey_map') }}) as counted

    union all

    select
        'kpi_onboarding' as mart,
        (select count(*) from buyers) as events,
        (select sum(buyers) from {{ ref('kpi_onboarding') }}) as counted

    union all

    select
        'kpi_loyalty' as mart,
        (select count(*) from buyers) as events,
        (select sum(buyers) from last_month) as counted

)

select * from counts
where events <> coalesce(counted, 0)
