-- Proves that losses are exactly the transitions into decline and churn from another stage, and that
-- kpi_churn and kpi_winback count each once. Each row is a kind of which the counts differ.
with

transitions as (

    select
        to_stage as stage,
        count(*) as entries
    from {{ ref('lifecycle_transitions') }}
    where to_stage in ('decline', 'churn') and from_stage <> to_stage
    group by to_stage

),

losses as (

    select
        stage,
        count(*) as entries
    from {{ ref('losses') }}
    group by stage

),

churns as (

    select sum(churn_entries) as entries from {{ ref('kpi_churn') }}

),

winbacks as (

    select
        stage,
        sum(entries) as entries
    from {{ ref('kpi_winback') }}
    group by stage

)

select
    coalesce(transitions.stage, losses.stage) as stage,
    transitions.entries as transitions,
    losses.entries as losses,
    winbacks.entries as winbacks,
    churns.entries as churns
from transitions
full outer join losses
    on transitions.stage = losses.stage
left join winbacks
    on transitions.stage = winbacks.stage
cross join churns
where
    transitions.entries is distinct from losses.entries
    or transitions.entries is distinct from winbacks.entries
    or (transitions.stage = 'churn' and transitions.entries is distinct from churns.entries)
