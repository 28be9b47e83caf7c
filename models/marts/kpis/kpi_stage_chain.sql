{#- Stages of buyers that a chain goes through before churn. -#}
{%- set transient = ['purchase', 'use', 'retention', 'loyalty', 'advocacy', 'decline', 'winback'] -%}
with

counts as (

    select
        customer_type,
        from_stage,
        to_stage,
        sum(customers) as customers
    from {{ ref('kpi_stage_transitions') }}
    where
        is_month_complete
        and from_stage in ('{{ transient | join("', '") }}')
    group by customer_type, from_stage, to_stage

),

shares as (

    select
        customer_type,
        from_stage,
        to_stage,
        customers,
        sum(customers) over (partition by customer_type, from_stage) as customers_at_start,
        cast(customers as {{ type_double() }}) / sum(customers) over (partition by customer_type, from_stage) as share
    from counts

),

stages as (

    select stage
    from {{ ref('lifecycle_stages') }}
    where stage in ('{{ transient | join("', '") }}')

),

starts as (

    select distinct
        customer_type,
        from_stage,
        customers_at_start
    from shares

),

sides as (

    select 'left' as side
    union all
    select 'right' as side

),

-- One equation a stage: what is expected of it = this month, and what the next one brings. On the left
-- the shares that go on, on the right the months in each stage.
equations as ( -- noqa: ST03

    select
        starts.customer_type,
        starts.from_stage as i,
        sides.side,
        stages.stage as j,
        case
            when sides.side = 'left' then coalesce(shares.share, 0)
            when starts.from_stage = stages.stage then 1
            else 0
        end as x
    from starts
    cross join stages
    cross join sides
    left join shares
        on
            starts.customer_type = shares.customer_type
            and starts.from_stage = shares.from_stage
            and stages.stage = shares.to_stage

),

{{ solved_by_stage('equations', transient) }},

visits as (

    select
        customer_type,
        i as from_stage,
        j as to_stage,
        x as months,
        sum(x) over life as months_to_churn,
        min(case when x is null then 0 else 1 end) over life as is_known
    from solved
    where side = 'right'
    window life as (partition by customer_type, i)

),

totals as (

    select distinct
        customer_type,
        from_stage,
        months_to_churn,
        is_known
    from visits

),

{{ three_months_ahead('shares') }},

described as (

    select
        starts.customer_type,
        starts.from_stage,
        stages.stage as to_stage,
        cast(coalesce(shares.customers, 0) as {{ dbt.type_bigint() }}) as customers,
        cast(starts.customers_at_start as {{ dbt.type_bigint() }}) as customers_at_start,
        {{ rate('coalesce(shares.customers, 0)', 'starts.customers_at_start') }} as transition_rate,
        case when whole.share > 0.999999 then {{ rate('coalesce(three_months.share, 0)', '1') }} end
            as after_three_months_rate,
        case when visits.is_known = 1 then {{ rate('visits.months', '1') }} end as mean_months_in_stage,
        case when totals.is_known = 1 then {{ rate('totals.months_to_churn', '1') }} end
            as mean_months_to_churn
    from starts
    cross join {{ ref('lifecycle_stages') }} as stages
    left join shares
        on
            starts.customer_type = shares.customer_type
            and starts.from_stage = shares.from_stage
            and stages.stage = shares.to_stage
    left join three_months
        on
            starts.customer_type = three_months.customer_type
            and starts.from_stage = three_months.from_stage
            and stages.stage = three_months.to_stage
    left join whole
        on
            starts.customer_type = whole.customer_type
            and starts.from_stage = whole.from_stage
    left join visits
        on
            starts.customer_type = visits.customer_type
            and starts.from_stage = visits.from_stage
            and stages.stage = visits.to_stage
    left join totals
        on
            starts.customer_type = totals.customer_type
            and starts.from_stage = totals.from_stage
    where
        stages.stage in (
            'churn',
            {%- for stage in transient %}
            '{{ stage }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )

)

select * from described
