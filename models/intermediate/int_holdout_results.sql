with

as_of as (

    select * from {{ ref('int_as_of') }}

),

-- Experiments that compare an action with doing nothing: hold-outs of exports, and of campaigns' offers.
experiments as (

    select
        experiments.experiment_id,
        experiments.control_variant,
        exports.action_code,
        coalesce(exports.offer_type, campaigns.offer_type) as offer_type,
        case when exports.experiment_id is null then campaigns.channel else exports.channel end as channel
    from {{ ref('stg_experiments') }} as experiments
    left join {{ ref('int_exported_experiments') }} as exports
        on experiments.experiment_id = exports.experiment_id
    left join {{ ref('stg_campaigns') }} as campaigns
        on experiments.campaign_id = campaigns.campaign_id
    where experiments.factor = 'offer' and coalesce(exports.offer_type, campaigns.offer_type) is not null

),

-- Only who was in an arm long enough.
outcomes as (

    select
        experiments.experiment_id,
        experiments.action_code,
        experiments.offer_type,
        experiments.channel,
        assigned.variant != experiments.control_variant as is_treated,
        assigned.has_ordered,
        cast(assigned.net_amount as {{ type_double() }}) as net_amount
    from {{ ref('int_assigned_outcomes') }} as assigned
    inner join experiments
        on assigned.experiment_id = experiments.experiment_id
    cross join as_of
    where assigned.window_ends_at <= as_of.as_of

),

arms as (

    select
        experiment_id,
        action_code,
        offer_type,
        channel,
        cast(sum(case when is_treated then 1 else 0 end) as {{ type_double() }}) as treated_customers,
        cast(sum(case when is_treated and has_ordered then 1 else 0 end) as {{ type_double() }})
            as treated_converted,
        {{ to_total('coalesce(avg(case when is_treated then net_amount end), 0)') }} as treated_mean,
        {{ to_total('coalesce(var_samp(case when is_treated then net_amount end), 0)') }} as treated_variance,
        cast(sum(case when not is_treated then 1 else 0 end) as {{ type_double() }}) as control_customers,
        cast(sum(case when not is_treated and has_ordered then 1 else 0 end) as {{ type_double() }})
            as control_converted,
        {{ to_total('coalesce(avg(case when not is_treated then net_amount end), 0)') }} as control_mean,
        {{ to_total('coalesce(var_samp(case when not is_treated then net_amount end), 0)') }} as control_variance
    from outcomes
    group by experiment_id, action_code, offer_type, channel

)

select * from arms
