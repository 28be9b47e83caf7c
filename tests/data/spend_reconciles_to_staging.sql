-- Proves that all marketing spend of staging is in kpi_acquisition and, but for the unknown objective, in
-- kpi_retention_cost, in the reporting currency and to the cent per month.
with

staged as (

    select
        cast({{ dbt.date_trunc('month', 'spend_on') }} as date) as month_start_on,
        sum({{ in_reporting_currency('amount', 'rate_to_reporting') }}) as amount
    from {{ ref('stg_marketing_spend') }}
    group by cast({{ dbt.date_trunc('month', 'spend_on') }} as date)

),

by_channel as (

    select
        month_start_on,
        sum(total_spend_amount) as amount,
        sum(unknown_spend_amount) as unknown_amount
    from {{ ref('kpi_acquisition') }}
    group by month_start_on

),

by_month as (

    select
        month_start_on,
        acquisition_spend_amount + retention_spend_amount as amount
    from {{ ref('kpi_retention_cost') }}

)

select
    coalesce(staged.month_start_on, by_channel.month_start_on, by_month.month_start_on) as month_start_on,
    staged.amount,
    by_channel.amount as amount_by_channel,
    by_month.amount as amount_by_month
from staged
full outer join by_channel
    on staged.month_start_on = by_channel.month_start_on
full outer join by_month
    on staged.month_start_on = by_month.month_start_on
where
    coalesce(staged.amount, 0) != coalesce(by_channel.amount, 0)
    or coalesce(staged.amount, 0) != coalesce(by_month.amount, 0) + coalesce(by_channel.unknown_amount, 0)
