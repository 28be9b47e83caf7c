-- The usual way: a row for every customer and day, with the stage at the end of that day.
-- Runs after orders.sql and touches.sql; writes customer_days, population_daily and current_stages.

-- What an order was: which one, whether it ended a churn, whether it made the customer loyal.
create temp table purchases as
select
    valid_orders.*,
    business_day(ordered_at) as date_on,
    row_number() over life as order_number,
    coalesce(ordered_at > lag(ordered_at) over life + to_days(churn_days), false) as is_winback,
    count(*) over recent >= loyalty_min_orders
    or coalesce(sum(net_amount) over recent >= cast(loyalty_min_amount as decimal(18, 4)), false) as is_loyal
from valid_orders
inner join lifecycle_thresholds using (customer_type)
window
    life as (partition by customer_id order by ordered_at),
    recent as (
        partition by customer_id order by ordered_at
        range between to_days(loyalty_window_days) - interval 1 microsecond preceding and current row
    );

-- What happened to a customer on a day.
create temp table daily as
select customer_id, customer_type, date_on, max(ordered_at) as order_at
from purchases
group by all
union all by name
select customer_id, customer_type, date_on, min(touched_at) as touch_at,
    max(touched_at) filter (where is_inbound) as inbound_at,
    max(touched_at) filter (where is_inbound and signal in ('interest', 'intent')) as considered_at,
    max(touched_at) filter (where signal = 'dissatisfaction') as dissatisfied_at,
    max(touched_at) filter (where signal = 'advocacy') as advocated_at
from touches
group by all;

create table customer_days as
with

as_of as (

    select max(date_on) as as_of_on from daily

),

lives as (

    select customer_id, any_value(customer_type) as customer_type, min(date_on) as first_on
    from daily
    group by customer_id

),

spine as (

    select
        lives.customer_id,
        lives.customer_type,
        cast(unnest(range(lives.first_on, as_of.as_of_on + 1, interval 1 day)) as date) as date_on
    from lives
    cross join as_of

),

days as (

    select
        customer_id, date_on, max(order_at) as order_at, min(touch_at) as touch_at, max(inbound_at) as inbound_at,
        max(considered_at) as considered_at,
        max(dissatisfied_at) as dissatisfied_at, max(advocated_at) as advocated_at
    from daily
    group by customer_id, date_on

),

-- The last of each kind, carried forward.
carried as (

    select
        spine.customer_id,
        spine.customer_type,
        spine.date_on,
        cast(spine.date_on + 1 as timestamp) at time zone 'Europe/Berlin' at time zone 'UTC' as day_ends_at,
        max(days.order_at) over life as last_order_at,
        coalesce(max(days.inbound_at) over life, min(days.touch_at) over life) as last_anchor_at,
        max(days.considered_at) over life as considered_at,
        max(days.dissatisfied_at) over life as dissatisfied_at,
        max(days.advocated_at) over life as advocated_at
    from spine
    left join days using (customer_id, date_on)
    window life as (partition by spine.customer_id order by spine.date_on rows unbounded preceding)

),

staged as (

    select
        carried.customer_id,
        carried.customer_type,
        carried.date_on,
        case
            when carried.last_order_at is null and carried.last_anchor_at + to_days(prospect_lapse_days) < day_ends_at
                then 'lost_prospect'
            when carried.last_order_at is null and considered_at + to_days(prospect_lapse_days) >= day_ends_at
                then 'consideration'
            when carried.last_order_at is null then 'awareness'
            when carried.last_order_at + to_days(churn_days) < day_ends_at then 'churn'
            when carried.last_order_at + to_days(decline_days) < day_ends_at then 'decline'
            when
                dissatisfied_at >= carried.last_order_at
                and dissatisfied_at + to_days(dissatisfaction_window_days) >= day_ends_at
                then 'decline'
            when purchases.is_winback and carried.last_order_at + to_days(winback_days) >= day_ends_at then 'winback'
            when purchases.order_number > 1 and advocated_at + to_days(advocacy_window_days) >= day_ends_at
                then 'advocacy'
            when purchases.order_number > 1 and purchases.is_loyal then 'loyalty'
            when purchases.order_number > 1 then 'retention'
            when carried.last_order_at + to_days(onboarding_days) >= day_ends_at then 'purchase'
            else 'use'
        end as stage
    from carried
    inner join lifecycle_thresholds using (customer_type)
    left join purchases
        on carried.customer_id = purchases.customer_id and carried.last_order_at = purchases.ordered_at

)

select * from staged;

create table population_daily as
select date_on, customer_type, stage, count(*) as customers
from customer_days
group by all;

create table current_stages as
select customer_id, customer_type, stage
from customer_days
where date_on = (select max(date_on) from customer_days);
