-- Proves that a double becomes money half away from zero on every engine, also where it lies a little below
-- the half that it stands for, as 0.00145 and 8.41235 do.
with

given as (

    {% for amount, rounded in [
        ('1.00005', '1.0001'),
        ('-1.00005', '-1.0001'),
        ('0.00145', '0.0015'),
        ('-0.00565', '-0.0057'),
        ('0.00005', '0.0001'),
        ('0.0000499999', '0'),
        ('2.675049', '2.6750'),
        ('8.41235', '8.4124'),
        ('-1234.56785', '-1234.5679'),
        ('123456.78905', '123456.7891'),
        ('123456.789049', '123456.7890'),
        ('98765432109.25', '98765432109.25'),
    ] -%}
    select
        cast('{{ amount }}' as {{ type_double() }}) as amount,
        cast('{{ rounded }}' as decimal(28, 4)) as rounded
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select *
from given
where
    {{ double_to_money('amount') }} is distinct from rounded
    or {{ double_to_total('amount') }} is distinct from rounded
