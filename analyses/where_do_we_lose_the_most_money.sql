-- Where do we lose the most money on the customers' way, why, and who are they? The ten steps where most is at
-- stake, each with the customer who brought most before leaving there.
with

customers as (

    select
        *,
        row_number() over (
            partition by customer_type, journey, step order by past_year_amount desc, customer_id asc
        ) as place
    from {{ ref('kpi_journey_gap_customers') }}

)

select
    gaps.gap_rank,
    gaps.customer_type,
    gaps.journey,
    gaps.step,
    gaps.entered,
    gaps.dropped,
    gaps.drop_off_rate,
    gaps.benchmark_drop_off_rate,
    gaps.benchmark_basis,
    gaps.is_beyond_chance,
    gaps.value_amount,
    gaps.at_stake_amount,
    gaps.churn_reason,
    gaps.weakest_interaction_type,
    gaps.weakest_channel,
    customers.customer_id as dearest_customer_id,
    customers.past_year_amount as dearest_past_year_amount
from {{ ref('kpi_journey_gaps') }} as gaps
left join customers
    on
        gaps.customer_type = customers.customer_type
        and gaps.journey = customers.journey
        and gaps.step = customers.step
        and customers.place = 1
where gaps.gap_rank <= 10
order by gaps.gap_rank
