with

experiments as (

    select
        experiment_id,
        campaign_id,
        control_variant,
        ends_at
    from {{ ref('stg_experiments') }}
    where
        campaign_id is not null
        and {{ is_holdout('control_variant') }}

),

moments as (

    select * from {{ ref('int_purchase_moments') }}

),

resolved as (

    select
        experiments.experiment_id,
        experiments.campaign_id,
        experiments.ends_at,
        coalesce(contacts.customer_id, devices.customer_id) as customer_id,
        assignments.variant = experiments.control_variant as is_withheld,
        assignments.assigned_at,
        {{ add_days('assignments.assigned_at', var('campaign_window_days')) }} as window_ends_at,
        row_number() over (
            partition by experiments.experiment_id, coalesce(contacts.customer_id, devices.customer_id)
            order by assignments.assigned_at, {{ sortable('assignments.variant') }}
        ) as place
    from {{ ref('stg_experiment_assignments') }} as assignments
    inner join experiments
        on assignments.experiment_id = experiments.experiment_id
    left join {{ ref('int_contacts') }} as contacts
        on assignments.customer_id = contacts.contact_id
    left join {{ ref('int_identities') }} as devices
        on
            assignments.anonymous_id = devices.source_id
            and devices.source_kind = 'anonymous'
            and assignments.customer_id is null
            and assignments.assigned_at >= devices.valid_from
            and (assignments.assigned_at < devices.valid_to or devices.valid_to is null)
    where coalesce(contacts.customer_id, devices.customer_id) is not null

),

-- By the arm that was drawn first, whatever became of it: whom the contact reached is no chance.
units as (

    select * from resolved
    where place = 1

),

purchases as (

    select
        units.experiment_id,
        units.customer_id,
        sum(moments.net_amount) as net_amount
    from units
    inner join moments
        on
            units.customer_id = moments.customer_id
            and units.assigned_at < moments.purchased_at
            and units.window_ends_at > moments.purchased_at
    group by units.experiment_id, units.customer_id

),

arms as (

    select
        units.campaign_id,
        units.experiment_id,
        max(units.window_ends_at) as window_ends_at,
        max(units.ends_at) as ends_at,
        count(*) as customers,
        {%- for arm, condition in {'treated': 'not units.is_withheld', 'withheld': 'units.is_withheld'}.items() %}
        sum(case when {{ condition }} then 1 else 0 end) as {{ arm }}_customers,
        sum(case when {{ condition }} and purchases.customer_id is not null then 1 else 0 end)
            as {{ arm }}_converted_customers,
        sum(case when {{ condition }} then coalesce(purchases.net_amount, 0) else 0 end) as {{ arm }}_net_amount,
        {%- endfor %}
        sum(
            case
                when
                    units.is_withheld
                    and contacts.contacted_at >= units.assigned_at
                    and contacts.contacted_at < units.window_ends_at
                    then 1
                else 0
            end
        ) as contacted_withheld_customers
    from units
    left join purchases
        on
            units.experiment_id = purchases.experiment_id
            and units.customer_id = purchases.customer_id
    left join {{ ref('campaign_contacts') }} as contacts
        on
            units.campaign_id = contacts.campaign_id
            and units.customer_id = contacts.customer_id
    group by units.campaign_id, units.experiment_id

),

-- Of several hold-outs of a campaign the largest speaks for it.
largest as (

    select
        *,
        row_number() over (
            partition by campaign_id order by customers desc, {{ sortable('experiment_id') }} asc
        ) as place
    from arms

),

shares as (

    select
        largest.*,
        {%- for arm in ['treated', 'withheld'] %}
        {{ rate('largest.' ~ arm ~ '_converted_customers', 'largest.' ~ arm ~ '_customers') }} as {{ arm }}_rate,
        {%- for end in ['low', 'high'] %}
        {{ wilson_bound('largest.' ~ arm ~ '_converted_customers', 'largest.' ~ arm ~ '_customers', end) }}
            as {{ arm }}_{{ end }},
        {%- endfor %}
        {%- endfor %}
        largest.window_ends_at <= as_of.as_of and coalesce(largest.ends_at <= as_of.as_of, true) as is_window_over
    from largest
    cross join {{ ref('int_as_of') }} as as_of
    where largest.place = 1

),

described as (

    select
        campaign_id,
        experiment_id,
        is_window_over,
        cast(treated_customers as {{ dbt.type_bigint() }}) as treated_customers,
        cast(withheld_customers as {{ dbt.type_bigint() }}) as withheld_customers,
        cast(contacted_withheld_customers as {{ dbt.type_bigint() }}) as contacted_withheld_customers,
        cast(treated_converted_customers as {{ dbt.type_bigint() }}) as treated_converted_customers,
        cast(withheld_converted_customers as {{ dbt.type_bigint() }}) as withheld_converted_customers,
        case when is_window_over then treated_rate end as treated_conversion_rate,
        case when is_window_over then withheld_rate end as withheld_conversion_rate,
        case when is_window_over then {{ rate('treated_rate - withheld_rate', 1) }} end as conversion_difference,
        {%- for end in ['low', 'high'] %}
        case
            when is_window_over
                then {{ newcombe_bound(
                    'treated_rate', 'treated_low', 'treated_high', 'withheld_rate', 'withheld_low', 'withheld_high', end
                ) }}
        end as conversion_difference_{{ end }},
        {%- endfor %}
        case
            when is_window_over
                then {{ to_total(
                    'treated_net_amount - cast(withheld_net_amount as ' ~ type_double()
                    ~ ') * treated_customers / nullif(withheld_customers, 0)'
                ) }}
        end as incremental_net_amount
    from shares

)

select * from described
