-- Runs after people.sql.

-- Everything that touches a customer, with what it says.
create temp table touches as
with

buyers as (

    select distinct
        order_id,
        customer_id
    from orders

),

given as (

    select
        interactions.customer_id,
        interactions.anonymous_id,
        interactions.occurred_at as touched_at,
        types.direction,
        types.signal
    from (
        select * from interactions
        qualify row_number() over (partition by interaction_id order by _loaded_at desc) = 1
    ) as interactions
    inner join interaction_types as types using (interaction_type)
    union all
    select
        customer_id,
        null,
        opened_at,
        'inbound',
        case when is_complaint then 'dissatisfaction' else 'none' end
    from tickets
    union all
    select
        feedback.customer_id,
        null,
        feedback.responded_at,
        'inbound',
        case
            when feedback.score < surveys.low_below then 'dissatisfaction'
            when feedback.score >= surveys.promoter_from then 'advocacy'
            else 'none'
        end
    from feedback
    left join survey_types as surveys using (survey_type)
    union all
    select
        buyers.customer_id,
        null,
        refunds.refunded_at,
        'inbound',
        'dissatisfaction'
    from refunds
    inner join buyers using (order_id)
    inner join reasons using (reason)
    where reasons.is_quality or reasons.is_dissatisfaction
    union all
    select
        customer_id,
        null,
        registered_at,
        'inbound',
        'interest'
    from (
        select * from customers
        qualify row_number() over (partition by customer_id order by updated_at desc, _loaded_at desc) = 1
    )
    where registered_at is not null

)

select
    coalesce(people.customer_id, devices.customer_id, 'anonymous:' || given.anonymous_id) as customer_id,
    coalesce(people.customer_type, devices.customer_type, 'b2c') as customer_type,
    business_day(given.touched_at) as date_on,
    given.touched_at,
    given.direction = 'inbound' as is_inbound,
    given.signal
from given
left join people
    on given.customer_id = people.contact_id
left join devices
    on given.customer_id is null and given.anonymous_id = devices.anonymous_id
where coalesce(people.customer_id, given.anonymous_id) is not null;
