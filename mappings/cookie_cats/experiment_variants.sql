-- Half of the players were to meet the gate at level 30, half at level 40.
select
    'gate' as experiment_id,
    version as variant,
    0.5 as expected_share
from cookie_cats
group by version
