-- New answers and tickets, and the rates of the day: an order without one goes to quarantine.
create temp table delivered_feedback as
select
    feedback.* replace (
        'FD' || substr(feedback_id, 2) as feedback_id,
        today_at(responded_at) as responded_at,
        null as closed_at,
        loaded_at() as _loaded_at
    ),
    'new' as mix
from feedback
order by md5(feedback_id), feedback_id
limit (select part(count(*), 1) from feedback);

create temp table delivered_tickets as
select
    tickets.* replace (
        'TD' || substr(ticket_id, 2) as ticket_id,
        today_at(opened_at) as opened_at,
        null as first_response_at,
        null as resolved_at,
        loaded_at() as _loaded_at
    ),
    'new' as mix
from tickets
order by md5(ticket_id), ticket_id
limit (select part(count(*), 1) from tickets);

create temp table delivered_exchange_rates as
select
    exchange_rates.* replace (cast(today.starts_at as date) as rate_on, loaded_at() as _loaded_at),
    'new' as mix
from exchange_rates
cross join today
where
    rate_on = (select max(rate_on) from exchange_rates)
    and rate_on < cast(today.starts_at as date);
