-- Proves that decline by silence and churn begin exactly decline_days and churn_days after the last
-- valid order before them, by the clock of that order; nothing but an order moves them.
with

moments as (

    select
        moments.customer_id,
        moments.purchased_at,
        clocks.decline_days,
        clocks.churn_days
    from {{ ref('int_purchase_moments') }} as moments
    inner join {{ ref('int_churn_clocks') }} as clocks
        on
            moments.customer_id = clocks.customer_id
            and moments.moment_number = clocks.moment_number

),

silences as (

    select
        spans.customer_id,
        spans.stage,
        spans.valid_from,
        max(moments.purchased_at) as last_order_at
    from {{ ref('lifecycle_spans') }} as spans
    left join moments
        on
            spans.customer_id = moments.customer_id
            and moments.purchased_at < spans.valid_from
    where spans.stage = 'churn' or spans.stage_detail = 'silence'
    group by spans.customer_id, spans.stage, spans.valid_from

),

expected as (

    select
        silences.customer_id,
        silences.stage,
        silences.valid_from,
        case silences.stage
            when 'churn' then {{ add_days('moments.purchased_at', 'moments.churn_days') }}
            else {{ add_days('moments.purchased_at', 'moments.decline_days') }}
        end as expected_from
    from silences
    left join moments
        on
            silences.customer_id = moments.customer_id
            and silences.last_order_at = moments.purchased_at

)

select * from expected
where valid_from is distinct from expected_from
