-- One row per player. Rounds played say nothing of when: they stay as the company's own column.
select
    cast(userid as varchar) as customer_id,
    'b2c' as customer_type,
    cast(sum_gamerounds as integer) as x_game_rounds
from cookie_cats
