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

units as (

    select
        experiments.campaign_id,
        experiments.experiment_id,
        experiments.ends_at,
        outcomes.customer_id,
        outcomes.variant = experiments.control_variant as is_withheld,
        outcomes.assigned_at,
        outcomes.window_ends_at,
        outcomes.has_ordered,
        outcomes.net_amount
    from {{ ref('int_assigned_outcomes') }} as outcomes
    inner join experiments
        on outcomes.experiment_id = experiments.experiment_id

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
        sum(case when {{ condition }} and units.has_ordered then 1 else 0 end)
            as {{ arm }}_converted_customers,
        sum(case when {{ condition }} then units.net_amount else 0 end) as {{ arm }}_net_amount,
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
