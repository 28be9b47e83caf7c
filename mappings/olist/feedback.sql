-- One row per review and order: one review can be filed under several orders, and an order can
-- have several reviews, so neither id is a key alone.
select
    reviews.review_id || '-' || reviews.order_id as feedback_id,
    customers.customer_unique_id as customer_id,
    cast(reviews.review_answer_timestamp as timestamp)
        at time zone 'America/Sao_Paulo' at time zone 'UTC' as responded_at,
    'review' as survey_type,
    cast(reviews.review_score as integer) as score,
    reviews.order_id,
    'delivery' as touchpoint,
    nullif(
        concat_ws(': ', reviews.review_comment_title, reviews.review_comment_message), ''
    ) as comment
from order_reviews as reviews
left join orders using (order_id)
left join customers using (customer_id)
