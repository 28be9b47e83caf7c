-- Proves that silence is the end of every schedule: the open span of whoever has ever ordered is
-- churn, of whoever has not lost_prospect.
with

buyers as (

    select customer_id
    from {{ ref('int_purchase_moments') }}
    where moment_number = 1

),

open_spans as (

    select
        spans.customer_id,
        spans.stage,
        case when buyers.customer_id is null then 'lost_prospect' else 'churn' end as expected_stage
    from {{ ref('lifecycle_spans') }} as spans
    left join buyers
        on spans.customer_id = buyers.customer_id
    where spans.valid_to is null

)

select * from open_spans
where stage <> expected_stage
