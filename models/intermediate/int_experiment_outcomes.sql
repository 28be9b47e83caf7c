{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

metrics as (

    select * from {{ ref('experiment_metrics') }}

),

reach as (

    select
        max(to_days) as days_after,
        coalesce(max(covariate_days), 0) as days_before
    from metrics

),

units as (

    select
        units.experiment_id,
        units.customer_id,
        units.exposed_at,
        {{ add_days('units.exposed_at', '-reach.days_before') }} as looked_at_from,
        {{ add_days('units.exposed_at', 'reach.days_after') }} as looked_at_to
    from {{ ref('int_experiment_units') }} as units
    cross join reach
    where
        units.exposed_at is not null
        and {{ touched() }}

),

-- Orders of one instant are one.
purchases as (

    select
        customer_id,
        ordered_at as occurred_at,
        sum(net_amount) as net_amount,
        sum(case when cost_amount is not null then net_amount else 0 end) as costed_amount,
        sum(coalesce(net_amount - cost_amount, 0)) as margin_amount
    from {{ ref('int_orders') }}
    where
        is_valid_order and not is_guest
        and {{ touched() }}
    group by customer_id, ordered_at

),

touches as (

    select
        customer_id,
        interaction_type,
        occurred_at
    from {{ ref('int_interactions') }}
    where
        direction = 'inbound'
        and interaction_type in (select metrics.interaction_type from metrics)
        and {{ touched() }}

),

events as (

    select
        units.experiment_id,
        units.customer_id,
        units.exposed_at,
        cast(null as {{ dbt.type_string() }}) as interaction_type,
        purchases.occurred_at,
        purchases.net_amount,
        purchases.costed_amount,
        purchases.margin_amount
    from units
    inner join purchases
        on
            units.customer_id = purchases.customer_id
            and purchases.occurred_at >= units.looked_at_from
            and purchases.occurred_at < units.looked_at_to

    union all

    select
        units.experiment_id,
        units.customer_id,
        units.exposed_at,
        touches.interaction_type,
        touches.occurred_at,
        0 as net_amount,
        0 as costed_amount,
        0 as margin_amount
    from units
    inner join touches
        on
            units.customer_id = touches.customer_id
            and touches.occurred_at >= units.looked_at_from
            and touches.occurred_at < units.looked_at_to

),

measured as (

    select
        events.experiment_id,
        events.customer_id,
        metrics.metric,
        metrics.measure in ('order', 'interaction') as is_whether,
        case metrics.measure
            when 'revenue' then events.net_amount
            when 'margin' then events.margin_amount
            else 1
        end as amount,
        events.net_amount,
        events.costed_amount,
        coalesce(
            events.occurred_at >= {{ add_days('events.exposed_at', 'metrics.from_days') }}
            and events.occurred_at < {{ add_days('events.exposed_at', 'metrics.to_days') }},
            false
        ) as is_after,
        coalesce(
            events.occurred_at < events.exposed_at
            and events.occurred_at >= {{ add_days('events.exposed_at', '-metrics.covariate_days') }},
            false
        ) as is_before
    from events
    inner join metrics
        on
            (metrics.measure = 'interaction') = (events.interaction_type is not null)
            and coalesce(metrics.interaction_type, '') = coalesce(events.interaction_type, '')

),

totals as (

    select
        experiment_id,
        customer_id,
        metric,
        is_whether,
        sum(case when is_after then amount else 0 end) as amount_after,
        sum(case when is_before then amount else 0 end) as amount_before,
        sum(case when is_after then net_amount else 0 end) as net_amount,
        sum(case when is_after then costed_amount else 0 end) as costed_amount
    from measured
    where is_after or is_before
    group by experiment_id, customer_id, metric, is_whether

),

-- Whether is 0 or 1, however often.
described as (

    select
        experiment_id,
        customer_id,
        metric,
        {{ as_money('case when is_whether then least(amount_after, 1) else amount_after end') }} as value,
        {{ as_money('case when is_whether then least(amount_before, 1) else amount_before end') }} as covariate,
        {{ as_money('net_amount') }} as net_amount,
        {{ as_money('costed_amount') }} as costed_amount
    from totals

)

select * from described
