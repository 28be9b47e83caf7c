-- The seller funnel: first contact is the step `lead`, a won deal the step `contract`. The steps
-- between are not in the source. First contact is a day, so it is the start of that day.
with

leads as (

    select
        'lead-' || mql_id as interaction_id,
        mql_id as customer_id,
        cast(first_contact_date as timestamp) as occurred_locally_at,
        'lead' as interaction_type,
        origin as channel,
        cast(json_object('landing_page_id', landing_page_id) as varchar) as properties
    from marketing_qualified_leads

),

contracts as (

    select
        'contract-' || mql_id as interaction_id,
        mql_id as customer_id,
        cast(won_date as timestamp) as occurred_locally_at,
        'contract' as interaction_type,
        'sales_team' as channel,
        cast(
            json_object('seller_id', seller_id, 'sdr_id', sdr_id, 'sr_id', sr_id) as varchar
        ) as properties
    from closed_deals

),

steps as (

    select * from leads
    union all
    select * from contracts

)

select
    interaction_id,
    customer_id,
    occurred_locally_at at time zone 'America/Sao_Paulo' at time zone 'UTC' as occurred_at,
    interaction_type,
    channel,
    properties
from steps
