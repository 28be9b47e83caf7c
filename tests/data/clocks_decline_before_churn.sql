-- Proves that wherever its days come from (the rules, the shop, the customer's own rhythm), decline
-- begins before churn after every purchase.
select * from {{ ref('int_churn_clocks') }}
where decline_days >= churn_days
