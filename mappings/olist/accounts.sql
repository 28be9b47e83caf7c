-- One account per lead; what the sales team learnt is known for the deals that were won.
select
    mql_id as account_id,
    coalesce('Seller ' || closed_deals.seller_id, 'Lead ' || mql_id) as account_name,
    closed_deals.business_segment as industry,
    closed_deals.seller_id as x_seller_id,
    closed_deals.lead_type as x_lead_type,
    closed_deals.business_type as x_business_type,
    closed_deals.lead_behaviour_profile as x_behaviour_profile,
    cast(closed_deals.declared_monthly_revenue as decimal(18, 4)) as x_declared_monthly_revenue
from marketing_qualified_leads
left join closed_deals using (mql_id)
