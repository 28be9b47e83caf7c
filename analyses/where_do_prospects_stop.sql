-- Where do prospects stop on the way to an order or a contract? Months that are mature, added up.
with

steps as (

    select
        customer_type,
        funnel,
        step,
        step_name,
        sum(units) as units,
        sum(reached) as reached,
        sum(reached_next) as reached_next
    from {{ ref('kpi_funnel') }}
    where is_mature
    group by customer_type, funnel, step, step_name

)

select
    *,
    reached - reached_next as stopped_here,
    {{ rate('reached_next', 'reached') }} as conversion_rate,
    {{ rate('reached', 'units') }} as of_all_who_entered_rate
from steps
order by funnel, customer_type, step
