{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers'], ['month_end_on', 'days']]
) }}

with

customers as (

    select
        customer_id,
        customer_type
    from {{ ref('dim_customers') }}

),

months as (

    select
        month_start_on,
        max(date_on) as month_end_on,
        {{ start_of_business_date(dbt.dateadd('month', 1, 'month_start_on')) }} as month_over_at
    from {{ ref('dim_dates') }}
    where is_month_complete
    group by month_start_on

),

customer_months as (

    select * from {{ ref('fct_customer_months') }}

),

churns as (

    select
        customer_id,
        valid_from,
        valid_to
    from {{ ref('lifecycle_spans') }}
    where stage = 'churn'

),

first_months as (

    select
        customer_id,
        min(month_start_on) as first_month_on
    from customer_months
    where revenue_amount > 0
    group by customer_id

),

-- What ends one month begins the next.
sides as (

    select
        customer_id,
        month_start_on,
        0 as start_amount,
        revenue_amount as end_amount,
        first_sale_at
    from customer_months

    union all

    select
        customer_id,
        cast({{ dbt.dateadd('month', 1, 'month_start_on') }} as date) as month_start_on,
        revenue_amount as start_amount,
        0 as end_amount,
        cast(null as {{ dbt.type_timestamp() }}) as first_sale_at
    from customer_months

),

-- Of customers that nothing happened to, only months that `as_of` has moved over are new.
paired as (

    select
        sides.customer_id,
        sides.month_start_on,
        months.month_end_on,
        months.month_over_at,
        sum(sides.start_amount) as start_amount,
        sum(sides.end_amount) as end_amount,
        min(sides.first_sale_at) as first_sale_at
    from sides
    inner join months
        on sides.month_start_on = months.month_start_on
    where {{ touched() }}
    group by sides.customer_id, sides.month_start_on, months.month_end_on, months.month_over_at

),

-- Who comes back is asked for at the first sale, who stops at the end of the month.
asked as (

    select
        paired.*,
        case
            when paired.end_amount > 0 and paired.month_start_on = first_months.first_month_on then 'new'
            when paired.start_amount <= 0 and paired.end_amount > 0 then 'return'
            when paired.start_amount > 0 and paired.end_amount <= 0 then 'stop'
            when paired.end_amount > paired.start_amount then 'expansion'
            when paired.end_amount < paired.start_amount then 'contraction'
            else 'unchanged'
        end as direction,
        case
            when paired.start_amount <= 0 and paired.end_amount > 0 then paired.first_sale_at
            when paired.start_amount > 0 and paired.end_amount <= 0 then paired.month_over_at
        end as asked_at
    from paired
    left join first_months
        on paired.customer_id = first_months.customer_id

),

movements as (

    select
        asked.customer_id,
        customers.customer_type,
        asked.month_start_on,
        asked.month_end_on,
        case
            when asked.direction = 'return' and churns.customer_id is not null then 'winback'
            when asked.direction = 'return' then 'reactivation'
            when asked.direction = 'stop' and churns.customer_id is not null then 'churn'
            when asked.direction = 'stop' then 'pause'
            else asked.direction
        end as movement,
        {{ as_total('asked.start_amount') }} as start_amount,
        {{ as_total('asked.end_amount') }} as end_amount,
        {{ as_total('abs(asked.end_amount - asked.start_amount)') }} as moved_amount
    from asked
    inner join customers
        on asked.customer_id = customers.customer_id
    left join churns
        on
            asked.customer_id = churns.customer_id
            and churns.valid_from < asked.asked_at
            and (churns.valid_to >= asked.asked_at or churns.valid_to is null)

)

select * from movements
