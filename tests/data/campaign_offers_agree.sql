-- Proves that each category has one offer, that it can be made, and that there is one for the rest.
-- Each row says in `problem` what to change in seeds/rules/campaign_offers.csv.
{{ seed_problems('campaign_offers', ['category'], clauses=[
    (
        "discount_rate is null or discount_rate <= 0 or discount_rate >= 1",
        "discount_rate is {discount_rate}: write a share between 0 and 1, as in 0.15",
    ),
    (
        "link is null or link not like 'https://%'",
        "link is {link}: write a page that begins with https://",
    ),
], queries=missing_rows('campaign_offers', 'category', ['any'])) }}
