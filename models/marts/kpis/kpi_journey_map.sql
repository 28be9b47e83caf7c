{%- set lapsed = "('" ~ vocabulary('lapsed_stage') | join("', '") ~ "')" -%}
with

as_of as (

    select * from {{ ref('int_as_of') }}

),

stages as (

    select * from {{ ref('lifecycle_stages') }}

),

-- How a stay ended, as far as it has: a scheduled end may never come.
stays as (

    select
        touches.*,
        case when touches.left_at < as_of.as_of then 1 else 0 end as is_over,
        case
            when touches.left_at >= as_of.as_of or touches.left_at is null or touches.next_stage in {{ lapsed }} then 0
            when touches.stage in {{ lapsed }} or touches.stage = 'winback' then 1
            when next_stages.position > stages.position then 1
            else 0
        end as is_advance,
        case when touches.left_at < as_of.as_of and touches.next_stage in {{ lapsed }} then 1 else 0 end as is_lapse
    from {{ ref('int_stage_touches') }} as touches
    cross join as_of
    inner join stages
        on touches.stage = stages.stage
    left join stages as next_stages
        on touches.next_stage = next_stages.stage

),

cells as (

    select
        customer_type,
        stage,
        interaction_type,
        channel,
        sum(touches) as touches,
        count(distinct customer_id) as customers,
        count(*) as stays,
        sum(is_over) as ended_stays,
        sum(is_advance) as advanced_stays,
        sum(is_lapse) as lapsed_stays,
        sum(answers) as answers,
        sum(satisfied_answers) as satisfied_answers
    from stays
    group by customer_type, stage, interaction_type, channel

),

described as (

    select
        cells.customer_type,
        cells.stage,
        cast(stages.position as {{ dbt.type_int() }}) as stage_position,
        cells.interaction_type,
        cells.channel,
        cast(cells.touches as {{ dbt.type_bigint() }}) as touches,
        cast(cells.customers as {{ dbt.type_bigint() }}) as customers,
        cast(cells.stays as {{ dbt.type_bigint() }}) as stays,
        cast(cells.ended_stays as {{ dbt.type_bigint() }}) as ended_stays,
        cast(cells.advanced_stays as {{ dbt.type_bigint() }}) as advanced_stays,
        case when cells.stage <> 'advocacy' then {{ rate('cells.advanced_stays', 'cells.ended_stays') }} end
            as next_stage_rate,
        cast(cells.lapsed_stays as {{ dbt.type_bigint() }}) as lapsed_stays,
        {{ rate('cells.lapsed_stays', 'cells.ended_stays') }} as lapse_rate,
        cast(cells.answers as {{ dbt.type_bigint() }}) as answers,
        cast(cells.satisfied_answers as {{ dbt.type_bigint() }}) as satisfied_answers,
        {{ rate('cells.satisfied_answers', 'cells.answers') }} as satisfaction_rate
    from cells
    inner join stages
        on cells.stage = stages.stage

)

select * from described
