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

-- The first arm counts, and only who was in it long enough.
assigned as (

    select
        experiments.experiment_id,
        experiments.action_code,
        experiments.offer_type,
        experiments.channel,
        contacts.customer_id,
        assignments.variant != experiments.control_variant as is_treated,
        assignments.assigned_at,
        row_number() over (
            partition by experiments.experiment_id, contacts.customer_id
            order by assignments.assigned_at, {{ sortable('assignments.variant') }}
        ) as place
    from {{ ref('stg_experiment_assignments') }} as assignments
    inner join experiments
        on assignments.experiment_id = experiments.experiment_id
    inner join {{ ref('int_contacts') }} as contacts
        on assignments.customer_id = contacts.contact_id
    cross join as_of
    where {{ add_days('assignments.assigned_at', var('action_window_days')) }} <= as_of.as_of

),

outcomes as (

    select
        assigned.experiment_id,
        assigned.action_code,
        assigned.offer_type,
        assigned.channel,
        assigned.is_treated,
        assigned.customer_id,
        count(moments.customer_id) > 0 as has_ordered,
        cast(coalesce(sum(moments.net_amount), 0) as {{ type_double() }}) as net_amount
    from assigned
    left join {{ ref('int_purchase_moments') }} as moments
        on
            assigned.customer_id = moments.customer_id
            and assigned.assigned_at <= moments.purchased_at
            and moments.purchased_at < {{ add_days('assigned.assigned_at', var('action_window_days')) }}
    where assigned.place = 1
    group by
        assigned.experiment_id,
        assigned.action_code,
        assigned.offer_type,
        assigned.channel,
        assigned.is_treated,
        assigned.customer_id

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
