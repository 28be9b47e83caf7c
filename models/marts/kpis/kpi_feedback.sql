with

as_of as (

    select * from {{ ref('int_as_of') }}

),

answers as (

    select
        feedback.*,
        dates.month_start_on,
        case when feedback.measures = 'promotion' then 1 end as is_promotion,
        case when feedback.measures = 'satisfaction' then 1 end as is_satisfaction,
        case when feedback.measures = 'effort' then 1 end as is_effort,
        {{ add_days('feedback.responded_at', var('closed_loop_days')) }} as loop_ends_at
    from {{ ref('int_feedback') }} as feedback
    inner join {{ ref('dim_dates') }} as dates
        on feedback.responded_on = dates.date_on

),

-- Where nobody ever got back to a customer, the source does not say so.
sources as (

    select count(closed_at) > 0 as knows_contact from answers

),

counted as (

    select
        month_start_on,
        customer_type,
        survey_type,
        stage,
        count(*) as answers,
        sum(score) as score,
        sum(case when is_good then is_satisfaction else 0 * is_satisfaction end) as satisfied_answers,
        sum(case when is_good then is_effort else 0 * is_effort end) as low_effort_answers,
        sum(case when is_promoter then is_promotion else 0 * is_promotion end) as promoters,
        sum(case when is_low then is_promotion else 0 * is_promotion end) as detractors,
        sum(case when is_low then 1 else 0 end) as low_answers,
        sum(case when is_low and closed_at <= loop_ends_at then 1 else 0 end) as contacted_answers,
        sum(case when improved_at is not null then 1 else 0 end) as closed_loops
    from answers
    group by month_start_on, customer_type, survey_type, stage

),

aged as (

    select
        counted.*,
        {{ is_month_over('counted.month_start_on') }} as is_month_complete,
        {{ is_month_over('counted.month_start_on', var('closed_loop_days')) }} as is_loop_over,
        sources.knows_contact
    from counted
    cross join as_of
    cross join sources

),

described as (

    select
        month_start_on,
        customer_type,
        survey_type,
        stage,
        is_month_complete,
        cast(answers as {{ dbt.type_bigint() }}) as answers,
        case when is_month_complete then {{ rate('score', 'answers') }} end as mean_score,
        cast(satisfied_answers as {{ dbt.type_bigint() }}) as satisfied_answers,
        case when is_month_complete then {{ rate('satisfied_answers', 'answers') }} end as satisfaction_rate,
        case when is_month_complete then {{ wilson_bound('satisfied_answers', 'answers', 'low') }} end
            as satisfaction_low_rate,
        case when is_month_complete then {{ wilson_bound('satisfied_answers', 'answers', 'high') }} end
            as satisfaction_high_rate,
        cast(low_effort_answers as {{ dbt.type_bigint() }}) as low_effort_answers,
        case when is_month_complete then {{ rate('low_effort_answers', 'answers') }} end as low_effort_rate,
        case when is_month_complete then {{ wilson_bound('low_effort_answers', 'answers', 'low') }} end
            as low_effort_low_rate,
        case when is_month_complete then {{ wilson_bound('low_effort_answers', 'answers', 'high') }} end
            as low_effort_high_rate,
        cast(promoters as {{ dbt.type_bigint() }}) as promoters,
        cast(detractors as {{ dbt.type_bigint() }}) as detractors,
        case when is_month_complete then {{ net_promoter_score('promoters', 'detractors', 'answers') }} end
            as net_promoter_score,
        case when is_month_complete then {{ net_promoter_bound('promoters', 'detractors', 'answers', 'low') }} end
            as net_promoter_low_score,
        case when is_month_complete then {{ net_promoter_bound('promoters', 'detractors', 'answers', 'high') }} end
            as net_promoter_high_score,
        cast(low_answers as {{ dbt.type_bigint() }}) as low_answers,
        cast(case when knows_contact then contacted_answers end as {{ dbt.type_bigint() }}) as contacted_answers,
        cast(case when knows_contact then closed_loops end as {{ dbt.type_bigint() }}) as closed_loops,
        case when is_loop_over and knows_contact then {{ rate('closed_loops', 'low_answers') }} end
            as closed_loop_rate
    from aged

)

select * from described
