-- Proves that a text is the same number on every engine, or none: no comma, no hexadecimal, no grouping,
-- nothing that is not a number.
{%- set numbers = [
    ('12.5', '12.5'),
    ('-3', '-3'),
    ('+.5', '0.5'),
    ('7.', '7'),
    ('1e3', '1000'),
    ('12.34565', '12.3457'),
    ('12,5', none),
    ('0x1A', none),
    ('1_000', none),
    ('1 000', none),
    ('NaN', none),
    ('infinity', none),
    ('twelve', none),
] %}

with

numbers as (

    {% for written, meant in numbers -%}
    select
        '{{ written }}' as written,
        cast({{ meant or 'null' }} as decimal(18, 4)) as meant
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

understood as (

    select
        written,
        meant,
        {{ try_cast('written', 'decimal') }} as read_as
    from numbers

)

select *
from understood
where read_as is distinct from meant
