-- Does winning back pay? What contacts in decline and in churn cost, and what came after them. Who is
-- contacted is chosen, so that the rates of two channels do not compare like with like.
with

channels as (

    select
        customer_type,
        stage,
        contact_channel,
        sum(entries) as entries,
        sum(saved_entries) as saved,
        sum(contacts) as contacts,
        sum(contact_cost_amount + offer_cost_amount) as cost_amount,
        sum(window_net_amount) as net_in_window_amount,
        sum(later_net_amount) as net_so_far_amount
    from {{ ref('kpi_winback') }}
    where is_month_complete
    group by customer_type, stage, contact_channel

)

select
    *,
    {{ rate('saved', 'entries') }} as saved_rate
from channels
order by customer_type, stage, contact_channel
