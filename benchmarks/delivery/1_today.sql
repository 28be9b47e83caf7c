-- What arrives on the day after the last one, made of what is there already. The raw tables are
-- views of the same names; the variable `share` says how much of each arrives. Who is chosen
-- follows from the hash of an id, so that the same company gets the same delivery.

create temp table today as
select
    cast(greatest((select max(ordered_at) from orders), (select max(occurred_at) from interactions)) as date)
    + interval 1 day as starts_at;

create temp macro loaded_at() as (select starts_at + interval 26 hour from today);

-- The time of day of an event, on the day of the delivery (22 hours: inside one business day).
create temp macro today_at(event_at) as
(select starts_at from today) + to_seconds(cast(epoch(event_at) as bigint) % 79200);

create temp macro part(table_rows, fraction) as greatest(
    1, cast(ceil(table_rows * getvariable('share') * fraction) as bigint)
);
