with

experiments as (

    select * from {{ ref('int_holdout_results') }}
    where treated_customers > 0 and control_customers > 0

),

-- What is known of an action itself, and of its offer in a channel.
evidence as (

    select
        'action' as evidence_kind,
        action_code,
        offer_type,
        cast(null as {{ dbt.type_string() }}) as channel,
        {{ holdout_columns() }}
    from experiments
    where action_code is not null

    union all

    select
        'offer' as evidence_kind,
        cast(null as {{ dbt.type_string() }}) as action_code,
        offer_type,
        channel,
        {{ holdout_columns() }}
    from experiments
    where channel is not null

),

-- One success and one failure more in each arm: an arm of which all or none ordered varies as well.
-- Agresti and Caffo (2000), The American Statistician 54.
adjusted as (

    select
        *,
        treated_customers * control_customers / (treated_customers + control_customers) as weight,
        treated_converted / treated_customers - control_converted / control_customers as difference,
        (treated_converted + 1) / (treated_customers + 2) as treated_share,
        (control_converted + 1) / (control_customers + 2) as control_share,
        treated_variance / treated_customers + control_variance / control_customers as mean_variance
    from evidence

),

-- Experiments are pooled by how much each can say (Mantel and Haenszel): shares of the arms differ.
pooled as (

    select
        evidence_kind,
        action_code,
        offer_type,
        channel,
        count(*) as experiments,
        sum(treated_customers) as treated_customers,
        sum(treated_converted) as treated_converted,
        sum(control_customers) as control_customers,
        sum(control_converted) as control_converted,
        sum(weight * difference) / sum(weight) as difference,
        sum(weight * (treated_share - control_share)) / sum(weight) as centre,
        sqrt(
            sum(
                weight * weight * (
                    treated_share * (1 - treated_share) / (treated_customers + 2)
                    + control_share * (1 - control_share) / (control_customers + 2)
                )
            )
        ) / sum(weight) as standard_error,
        sum(weight * (treated_mean - control_mean)) / sum(weight) as mean_difference,
        sqrt(sum(weight * weight * mean_variance)) / sum(weight) as mean_error
    from adjusted
    group by evidence_kind, action_code, offer_type, channel

),

bounded as (

    select
        *,
        {{ to_bound('centre - ' ~ z_of_95_percent() | trim ~ ' * standard_error') }} as order_difference_low,
        {{ to_bound('centre + ' ~ z_of_95_percent() | trim ~ ' * standard_error') }} as order_difference_high,
        {{ rate('treated_converted + control_converted', 'treated_customers + control_customers') }} as order_rate
    from pooled

),

described as (

    select
        evidence_kind,
        action_code,
        offer_type,
        channel,
        cast(experiments as {{ dbt.type_bigint() }}) as experiments,
        cast(treated_customers as {{ dbt.type_bigint() }}) as treated_customers,
        cast(treated_converted as {{ dbt.type_bigint() }}) as treated_converted_customers,
        cast(control_customers as {{ dbt.type_bigint() }}) as control_customers,
        cast(control_converted as {{ dbt.type_bigint() }}) as control_converted_customers,
        order_rate,
        {{ rate('difference', 1) }} as order_difference,
        order_difference_low,
        order_difference_high,
        {{ to_total('mean_difference') }} as incremental_net_amount,
        {{ to_total('mean_difference - ' ~ z_of_95_percent() | trim ~ ' * mean_error') }}
            as incremental_net_low_amount,
        {{ to_total('mean_difference + ' ~ z_of_95_percent() | trim ~ ' * mean_error') }}
            as incremental_net_high_amount,
        case
            when order_difference_low > 0 then 'earns'
            when order_difference_high < 0 then 'costs'
            else 'no difference seen'
        end as verdict,
        {{ weight_of_evidence('order_difference_low', 'order_difference_high', 'order_rate') }} as weight_ratio
    from bounded

)

select * from described
