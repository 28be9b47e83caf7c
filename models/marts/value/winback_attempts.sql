with

losses as (

    select * from {{ ref('losses') }}

),

campaigns as (

    select * from {{ ref('dim_campaigns') }}

),

-- A contact to win back: of that type, or of a campaign with that objective.
contacts as (

    select
        losses.customer_id,
        losses.span_number,
        contacts.contact_cost_amount,
        contacts.channel,
        contacts.campaign_id,
        contacts.occurred_at,
        row_number() over (
            partition by losses.customer_id, losses.span_number
            order by contacts.occurred_at, {{ sortable('contacts.interaction_id') }}
        ) as place
    from losses
    inner join {{ ref('loss_contacts') }} as contacts
        on
            losses.customer_id = contacts.customer_id
            and contacts.span_number >= losses.span_number
            and (contacts.span_number < losses.next_span_number or losses.next_span_number is null)
    left join campaigns
        on contacts.campaign_id = campaigns.campaign_id
    where contacts.interaction_type = 'winback_contact' or campaigns.objective = 'winback'

),

contact_totals as (

    select
        customer_id,
        span_number,
        count(*) as contacts,
        sum(contact_cost_amount) as contact_cost_amount,
        min(case when place = 1 then occurred_at end) as contacted_at,
        min(case when place = 1 then {{ sortable('channel') }} end) as contact_channel,
        min(case when place = 1 then {{ sortable('campaign_id') }} end) as contact_campaign_id
    from contacts
    group by customer_id, span_number

),

-- The offer that brought somebody back costs what the order was reduced by.
offers as (

    select
        losses.customer_id,
        losses.span_number,
        sum(orders.discount_amount) as offer_cost_amount
    from losses
    inner join {{ ref('fct_orders') }} as orders
        on
            losses.customer_id = orders.customer_id
            and losses.ended_at = orders.ordered_at
    where losses.ended_by = 'order' and orders.is_valid_order
    group by losses.customer_id, losses.span_number

),

-- What came after: the orders so far, from the one that ended it on, and those of the window.
purchases as (

    select
        losses.customer_id,
        losses.span_number,
        sum(moments.net_amount) as later_net_amount,
        sum(
            case
                when moments.purchased_at < {{ add_days('losses.ended_at', var('return_window_days')) }}
                    then moments.net_amount
            end
        ) as window_net_amount
    from losses
    inner join {{ ref('int_purchase_moments') }} as moments
        on
            losses.customer_id = moments.customer_id
            and losses.ended_at <= moments.purchased_at
    where losses.ended_by = 'order'
    group by losses.customer_id, losses.span_number

),

described as (

    select
        losses.customer_id,
        losses.customer_type,
        losses.span_number,
        losses.stage,
        losses.churn_reason,
        losses.entered_at,
        losses.entered_on,
        losses.ended_at,
        losses.ended_by,
        contact_totals.contacted_at,
        contact_totals.contact_channel,
        contact_totals.contact_campaign_id,
        cast(coalesce(contact_totals.contacts, 0) as {{ dbt.type_bigint() }}) as contacts,
        {{ as_total('coalesce(contact_totals.contact_cost_amount, 0)') }} as contact_cost_amount,
        coalesce(losses.ended_by = 'order', false) as is_saved,
        case
            when losses.ended_by = 'order'
                then coalesce(
                    losses.ended_at < {{ add_days('contact_totals.contacted_at', var('return_window_days')) }}, false
                )
            when {{ add_days('contact_totals.contacted_at', var('return_window_days')) }} <= as_of.as_of then false
        end as is_saved_in_window,
        {{ as_total('offers.offer_cost_amount') }} as offer_cost_amount,
        case
            when {{ add_days('losses.ended_at', var('return_window_days')) }} <= as_of.as_of
                then {{ as_total('purchases.window_net_amount') }}
        end as window_net_amount,
        {{ as_total('purchases.later_net_amount') }} as later_net_amount
    from losses
    cross join {{ ref('int_as_of') }} as as_of
    left join contact_totals
        on
            losses.customer_id = contact_totals.customer_id
            and losses.span_number = contact_totals.span_number
    left join offers
        on
            losses.customer_id = offers.customer_id
            and losses.span_number = offers.span_number
    left join purchases
        on
            losses.customer_id = purchases.customer_id
            and losses.span_number = purchases.span_number

)

select * from described
