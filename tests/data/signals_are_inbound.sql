-- Proves that only what a customer does is a signal: an e-mail sent shows nobody's interest.
with

types as (

    select * from {{ ref('interaction_types') }}

)

select
    interaction_type,
    direction,
    signal,
    'interaction_types.csv: ' || interaction_type || ' is ' || direction
    || ', so its signal must be none, or it is inbound' as problem
from types
where signal != 'none' and direction != 'inbound'
