-- Proves that every interaction of staging is in the facts exactly once, and no other: joining it to
-- devices, types and channels neither loses nor multiplies a touch.
with

staged as (

    select
        interaction_id,
        1 as staged,
        0 as told
    from {{ ref('stg_interactions') }}

),

told as (

    select
        interaction_id,
        0 as staged,
        1 as told
    from {{ ref('fct_interactions') }}

),

both_sides as (

    select * from staged
    union all
    select * from told

)

select
    interaction_id,
    sum(staged) as staged,
    sum(told) as told
from both_sides
group by interaction_id
having sum(staged) != 1 or sum(told) != 1
