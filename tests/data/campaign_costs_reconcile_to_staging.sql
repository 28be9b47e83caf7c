-- Proves that what a campaign cost is, to the cent, the spend of staging that names it and the contacts
-- with known customers that do, and that it reached as many customers as these contacts had.
with

spend as (

    select
        campaign_id,
        sum({{ in_reporting_currency('amount', 'rate_to_reporting') }}) as amount
    from {{ ref('stg_marketing_spend') }}
    where campaign_id is not null
    group by campaign_id

),

contacts as (

    select
        campaign_id,
        count(*) as contacts,
        count(distinct customer_id) as customers,
        sum(contact_cost_amount) as amount
    from {{ ref('fct_interactions') }}
    where
        direction = 'outbound'
        and campaign_id is not null
        and customer_id is not null
    group by campaign_id

)

select
    campaigns.campaign_id,
    campaigns.cost_amount,
    spend.amount as spend_amount,
    contacts.amount as contact_cost_amount
from {{ ref('kpi_campaigns') }} as campaigns
full outer join spend
    on campaigns.campaign_id = spend.campaign_id
left join contacts
    on campaigns.campaign_id = contacts.campaign_id
where
    campaigns.spend_amount is distinct from spend.amount
    or campaigns.cost_amount != coalesce(spend.amount, 0) + coalesce(contacts.amount, 0)
    or campaigns.contacts != coalesce(contacts.contacts, 0)
    or campaigns.contacted_customers != coalesce(contacts.customers, 0)
