-- One row per household. Demographics are known for 801 of them.
with

households as (

    select household_id from transactions
    union
    select household_id from campaigns
    union
    select household_id from demographics

)

select
    cast(household_id as varchar) as customer_id,
    'b2c' as customer_type,
    'US' as country,
    demographics.age as x_age,
    demographics.income as x_income,
    demographics.home_ownership as x_home_ownership,
    demographics.marital_status as x_marital_status,
    demographics.household_size as x_household_size,
    demographics.household_comp as x_household_composition,
    demographics.kids_count as x_kids_count
from households
left join demographics using (household_id)
