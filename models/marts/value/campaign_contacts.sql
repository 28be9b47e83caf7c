{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

touches as (

    select
        customer_id,
        campaign_id,
        direction,
        counts_as,
        contact_cost_amount,
        occurred_at
    from {{ ref('int_interactions') }}
    where
        campaign_id is not null
        and customer_id is not null
        and {{ touched() }}

),

-- Who leaves or complains does not say because of which campaign.
signals as (

    select
        customer_id,
        counts_as,
        occurred_at
    from {{ ref('int_interactions') }}
    where
        counts_as in ('opt_out', 'complaint')
        and {{ touched() }}

    union all

    select
        customer_id,
        'complaint' as counts_as,
        opened_at as occurred_at
    from {{ ref('int_tickets') }}
    where
        is_complaint
        and {{ touched() }}

),

moments as (

    select * from {{ ref('int_purchase_moments') }}
    where {{ touched() }}

),

spans as (

    select * from {{ ref('lifecycle_spans') }}
    where {{ touched() }}

),

segment_spans as (

    select * from {{ ref('segment_spans') }}
    where {{ touched() }}

),

met as (

    select
        campaign_id,
        customer_id,
        min(occurred_at) as touched_at,
        min(case when direction = 'outbound' then occurred_at end) as contacted_at,
        sum(case when direction = 'outbound' then 1 else 0 end) as contacts,
        sum(case when direction = 'outbound' then contact_cost_amount else 0 end) as contact_cost_amount,
        sum(case when counts_as = 'redemption' then 1 else 0 end) as redemptions
    from touches
    group by campaign_id, customer_id

),

windows as (

    select
        *,
        coalesce(contacted_at, touched_at) as met_at,
        {{ add_days('contacted_at', var('campaign_window_days')) }} as window_ends_at
    from met

),

-- Opening is no answer: mail programs open by themselves.
answers as (

    select
        windows.campaign_id,
        windows.customer_id,
        min(case when touches.counts_as = 'open' then touches.occurred_at end) as opened_at,
        min(
            case
                when coalesce(touches.counts_as, 'none') not in ('open', 'opt_out', 'complaint')
                    then touches.occurred_at
            end
        ) as responded_at
    from windows
    inner join touches
        on
            windows.campaign_id = touches.campaign_id
            and windows.customer_id = touches.customer_id
            and windows.contacted_at <= touches.occurred_at
            and windows.window_ends_at > touches.occurred_at
    where touches.direction = 'inbound'
    group by windows.campaign_id, windows.customer_id

),

reactions as (

    select
        windows.campaign_id,
        windows.customer_id,
        min(case when signals.counts_as = 'opt_out' then signals.occurred_at end) as unsubscribed_at,
        min(case when signals.counts_as = 'complaint' then signals.occurred_at end) as complained_at
    from windows
    inner join signals
        on
            windows.customer_id = signals.customer_id
            and windows.contacted_at <= signals.occurred_at
            and windows.window_ends_at > signals.occurred_at
    group by windows.campaign_id, windows.customer_id

),

-- An order at the instant of the contact was there before it.
purchases as (

    select
        windows.campaign_id,
        windows.customer_id,
        sum(moments.orders) as window_orders,
        sum(moments.net_amount) as window_net_amount
    from windows
    inner join moments
        on
            windows.customer_id = moments.customer_id
            and windows.contacted_at < moments.purchased_at
            and windows.window_ends_at > moments.purchased_at
    group by windows.campaign_id, windows.customer_id

),

described as (

    select
        windows.campaign_id,
        windows.customer_id,
        spans.stage,
        segment_spans.segment,
        windows.touched_at,
        windows.contacted_at,
        windows.window_ends_at,
        cast(windows.contacts as {{ dbt.type_bigint() }}) as contacts,
        {{ as_total('windows.contact_cost_amount') }} as contact_cost_amount,
        answers.opened_at,
        answers.responded_at,
        cast(windows.redemptions as {{ dbt.type_bigint() }}) as redemptions,
        reactions.unsubscribed_at,
        reactions.complained_at,
        cast(coalesce(purchases.window_orders, 0) as {{ dbt.type_bigint() }}) as window_orders,
        {{ as_total('coalesce(purchases.window_net_amount, 0)') }} as window_net_amount
    from windows
    inner join spans
        on
            windows.customer_id = spans.customer_id
            and {{ found_in_span('windows.met_at') }}
    inner join segment_spans
        on
            windows.customer_id = segment_spans.customer_id
            and {{ found_in_span('windows.met_at', 'segment_spans', 'previous_segment') }}
    left join answers
        on
            windows.campaign_id = answers.campaign_id
            and windows.customer_id = answers.customer_id
    left join reactions
        on
            windows.campaign_id = reactions.campaign_id
            and windows.customer_id = reactions.customer_id
    left join purchases
        on
            windows.campaign_id = purchases.campaign_id
            and windows.customer_id = purchases.customer_id

)

select * from described
