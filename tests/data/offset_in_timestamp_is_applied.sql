-- Proves that a time with a zone means the same instant on every engine: 12:00 at +02:00 is 10:00 UTC;
-- that one without a zone is UTC; and that what is no time is NULL and no error.
{%- set times = [
    ('2025-01-10 12:00:00', '2025-01-10 12:00:00'),
    ('2025-01-10T12:00:00Z', '2025-01-10 12:00:00'),
    ('2025-01-10 12:00:00+02', '2025-01-10 10:00:00'),
    ('2025-01-10T12:00:00+02:00', '2025-01-10 10:00:00'),
    ('2025-01-10 12:00:00.5-05:30', '2025-01-10 17:30:00.5'),
    ('2025-01-10 23:00:00-05:00', '2025-01-11 04:00:00'),
    ('2025-01-10', '2025-01-10 00:00:00'),
    ('2025-01-10 12:00:00 +02:00', '2025-01-10 10:00:00'),
    ('2025-01-10 12:00', '2025-01-10 12:00:00'),
    ('2025-1-9', '2025-01-09 00:00:00'),
    ('2025-01-10 12:00:00.123456', '2025-01-10 12:00:00.123456'),
    ('2025-02-30 12:00:00', none),
    ('2025-01-10 01:00:00 PM', none),
    ('2025-01-10 12:00:00 Europe/Berlin', none),
    ('2025-01-10 12:00:00 PST', none),
    ('2025-01-10 12:00:60', none),
    ('0000-01-01', none),
    ('2025/01/10', none),
    ('01/10/2025', none),
    ('20250110', none),
    ('2025-01-10 25:00:00', none),
    ('yesterday', none),
] %}

with

times as (

    {% for written, meant in times -%}
    select
        '{{ written }}' as written,
        cast({{ "'" ~ meant ~ "'" if meant else 'null' }} as {{ dbt.type_timestamp() }}) as meant
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

understood as (

    select
        written,
        meant,
        {{ try_cast('written', 'timestamp') }} as read_as
    from times

)

select *
from understood
where read_as is distinct from meant
