with

stages as (

    select * from {{ ref('lifecycle_stages') }}

),

stage_steps as (

    select
        transitions.month_start_on,
        transitions.customer_type,
        'stages' as journey,
        stages.position as step_position,
        transitions.from_stage as step,
        transitions.from_stage as stage,
        cast(null as {{ dbt.type_string() }}) as interaction_type,
        transitions.is_month_complete as is_mature,
        sum(transitions.customers) as entered,
        sum(
            case
                when {{ is_lapsed('transitions.to_stage') }} and transitions.to_stage != transitions.from_stage
                    then transitions.customers
                else 0
            end
        ) as dropped,
        sum(
            case
                when
                    not {{ is_lapsed('transitions.to_stage') }}
                    and transitions.to_stage not in {{ prospects() }}
                    then transitions.customers
                else 0
            end
        ) as completed
    from {{ ref('kpi_stage_transitions') }} as transitions
    inner join stages
        on transitions.from_stage = stages.stage
    where transitions.from_stage not in ('churn', 'lost_prospect')
    group by
        transitions.month_start_on, transitions.customer_type, transitions.from_stage, transitions.is_month_complete,
        stages.position

),

funnel as (

    select
        *,
        max(case when reached_next is null then reached end) over (
            partition by month_start_on, customer_type, funnel
        ) as completed
    from {{ ref('kpi_funnel') }}

),

funnel_steps as (

    select
        month_start_on,
        customer_type,
        funnel as journey,
        step as step_position,
        step_name as step,
        cast(null as {{ dbt.type_string() }}) as stage,
        step_name as interaction_type,
        is_mature,
        reached as entered,
        reached - reached_next as dropped,
        completed
    from funnel
    where reached_next is not null

),

cart_types as (

    select min({{ sortable('interaction_type') }}) as interaction_type from {{ ref('interaction_types') }}
    where counts_as = 'cart'

),

cart_steps as (

    select
        funnel.month_start_on,
        funnel.customer_type,
        'cart' as journey,
        1 as step_position,
        'cart' as step,
        cast(null as {{ dbt.type_string() }}) as stage,
        cart_types.interaction_type,
        funnel.is_mature,
        funnel.carts as entered,
        funnel.abandoned_carts as dropped,
        funnel.carts - funnel.abandoned_carts as completed
    from funnel
    cross join cart_types
    where funnel.carts is not null

),

onboarding_steps as (

    select
        month_start_on,
        customer_type,
        'onboarding' as journey,
        1 as step_position,
        'second_order' as step,
        'purchase' as stage,
        cast(null as {{ dbt.type_string() }}) as interaction_type,
        is_mature,
        buyers as entered,
        buyers - second_buyers as dropped,
        second_buyers as completed
    from {{ ref('kpi_onboarding') }}

),

steps as (

    {% for journey in ['stage', 'funnel', 'cart', 'onboarding'] -%}
    select * from {{ journey }}_steps
    {% if not loop.last %}
    union all

    {% endif -%}
    {%- endfor %}
),

-- Journeys mature at different speed: each is looked at in its own newest months.
dated as (

    select
        *,
        max(case when is_mature then month_start_on end) over (partition by journey) as newest_month_on
    from steps

),

aged as (

    select
        *,
        {{ dbt.datediff('month_start_on', 'newest_month_on', 'month') }} as months_ago
    from dated

),

described as (

    select
        month_start_on,
        customer_type,
        journey,
        cast(step_position as {{ dbt.type_int() }}) as step_position,
        step,
        stage,
        interaction_type,
        is_mature,
        case
            when not is_mature or months_ago < 0 then 'not_mature'
            when months_ago < {{ var('journey_gap_months') }} then 'recent'
            when months_ago < {{ var('journey_gap_months') + var('journey_past_months') }} then 'past'
            else 'earlier'
        end as period,
        cast(entered as {{ dbt.type_bigint() }}) as entered,
        cast(dropped as {{ dbt.type_bigint() }}) as dropped,
        cast(completed as {{ dbt.type_bigint() }}) as completed,
        case when is_mature then {{ rate('dropped', 'entered') }} end as drop_off_rate
    from aged

)

select * from described
