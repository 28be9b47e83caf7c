with

campaigns as (

    select
        dim_campaigns.*,
        as_of.as_of,
        coalesce(dim_campaigns.ends_at <= as_of.as_of, true) as is_ended
    from {{ ref('dim_campaigns') }} as dim_campaigns
    cross join {{ ref('int_as_of') }} as as_of

),

contacts as (

    select * from {{ ref('campaign_contacts') }}

),

-- Orders of guests, and of customers whom nothing else ties to the campaign, have no stage at contact.
orders as (

    select
        orders.*,
        coalesce(contacts.segment, 'unknown') as segment,
        coalesce(contacts.stage, 'unknown') as stage
    from {{ ref('fct_campaign_orders') }} as orders
    left join contacts
        on
            orders.campaign_id = contacts.campaign_id
            and orders.customer_id = contacts.customer_id

),

contact_totals as (

    select
        campaign_id,
        segment,
        stage,
        max(window_ends_at) as window_ends_at,
        count(contacted_at) as contacted_customers,
        sum(contacts) as contacts,
        count(opened_at) as opened_customers,
        count(responded_at) as responded_customers,
        sum(redemptions) as redemptions,
        sum(case when window_orders > 0 then 1 else 0 end) as converted_customers,
        sum(window_orders) as window_orders,
        count(unsubscribed_at) as unsubscribed_customers,
        count(complained_at) as complained_customers,
        sum(window_net_amount) as window_net_amount,
        sum(contact_cost_amount) as contact_cost_amount
    from contacts
    group by campaign_id, segment, stage

),

order_totals as (

    select
        campaign_id,
        segment,
        stage,
        sum(case when is_valid_order then 1 else 0 end) as orders,
        sum(net_amount) as net_amount,
        sum(discount_amount) as discount_amount,
        sum(case when margin_amount is not null then net_amount else 0 end) as costed_net_amount,
        sum(margin_amount) as margin_amount
    from orders
    group by campaign_id, segment, stage

),

joined as (

    select
        coalesce(contact_totals.campaign_id, order_totals.campaign_id) as campaign_id,
        coalesce(contact_totals.segment, order_totals.segment) as segment,
        coalesce(contact_totals.stage, order_totals.stage) as stage,
        {%- for name in campaign_counts() %}
        cast(coalesce({{ name }}, 0) as {{ dbt.type_bigint() }}) as {{ name }},
        {%- endfor %}
        {%- for name in campaign_amounts() %}
        {{ to_total('coalesce(' ~ name ~ ', 0)') }} as {{ name }},
        {%- endfor %}
        contact_totals.window_ends_at
    from contact_totals
    full outer join order_totals
        on
            contact_totals.campaign_id = order_totals.campaign_id
            and contact_totals.segment = order_totals.segment
            and contact_totals.stage = order_totals.stage

),

judged as (

    select
        joined.*,
        campaigns.objective,
        campaigns.channel,
        campaigns.offer_type,
        campaigns.category,
        campaigns.is_ended and coalesce(joined.window_ends_at <= campaigns.as_of, true) as is_window_over
    from joined
    inner join campaigns
        on joined.campaign_id = campaigns.campaign_id

),

described as (

    select
        campaign_id,
        segment,
        stage,
        objective,
        channel,
        offer_type,
        category,
        is_window_over,
        {%- for name in campaign_counts() + campaign_amounts() %}
        {{ name }},
        {%- endfor %}
        {{- campaign_rates() }}
    from judged

)

select * from described
