-- Proves that the price tiers begin with everything and rise: the first from a share of 0 on, each
-- dearer one from a higher share. Each row says in `problem` what to change in seeds/rules/price_tiers.csv.
{{ seed_problems('price_tiers', ['tier'], clauses=[
    must_not_be_empty('position'),
    must_not_be_empty('min_cheaper_share'),
    (
        "min_cheaper_share < 0 or min_cheaper_share > 1",
        "min_cheaper_share {min_cheaper_share} must be a share from 0 to 1",
    ),
    (
        "min_cheaper_share > 0 and position = (select min(first_tier.position) from seed as first_tier)",
        "min_cheaper_share {min_cheaper_share} of the first tier must be 0, or the cheapest products have none",
    ),
    (
        "exists (select 1 from seed as lower_tier where lower_tier.position < seed.position"
        ~ " and lower_tier.min_cheaper_share >= seed.min_cheaper_share)",
        "min_cheaper_share {min_cheaper_share} must be larger than that of every lower position",
    ),
]) }}
