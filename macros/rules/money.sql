{#-
    An amount of a source in the reporting currency. The amount is widened first: DuckDB multiplies
    two DECIMALs of up to 18 digits in 18 digits, which a million at eight places of rate overflows.
    Most amounts are in the reporting currency already: they are spared the wide numbers.
-#}
{% macro in_reporting_currency(amount, rate) -%}
    case
        when {{ rate }} = 1 then cast({{ amount }} as decimal(18, 4))
        else {{ to_money('cast(' ~ amount ~ ' as decimal(28, 8)) * ' ~ rate) }}
    end
{%- endmacro %}

{#-
    What is refunded of an order so far, in the reporting currency. Its lines are converted and rounded
    one by one, so that all of them may be worth a little more or less than their sum converted. A
    refund is as much as the sale when it is as much in the order's own currency, not more before and
    not less after; so refunds in full leave exactly nothing.
-#}
{% macro refunded_in_reporting_currency(refunded, sold, sold_amount, rate) -%}
    case
        when {{ refunded }} = 0 then 0
        when {{ refunded }} = {{ sold }} then {{ sold_amount }}
        when {{ refunded }} < {{ sold }}
            then least({{ in_reporting_currency(refunded, rate) }}, {{ sold_amount }})
        else greatest({{ in_reporting_currency(refunded, rate) }}, {{ sold_amount }})
    end
{%- endmacro %}

{#-
    An amount this large, in its own or the reporting currency, is a mistake: a number of another
    column, an amount in the wrong unit. Such a row goes to quarantine, so that what is added up
    further on fits: a hundred lines of this size in an order's DECIMAL(18,4), and a million million
    of them in a total.
-#}
{% macro largest_amount() -%} 1000000000000 {%- endmacro %}

{#- Whether the product of some numbers is that large, asked in a way that cannot overflow. -#}
{% macro is_too_large(numbers) -%}
    {%- set factors = [] -%}
    {%- for number in numbers -%}
        {%- do factors.append('cast(' ~ number ~ ' as ' ~ type_double() ~ ')') -%}
    {%- endfor -%}
    abs({{ factors | join(' * ') }}) >= {{ largest_amount() }}
{%- endmacro %}

{#- So many pieces at so much each. Widened for the same reason. -#}
{% macro pieces_times(quantity, amount) -%}
    cast({{ quantity }} as decimal(28, 4)) * {{ amount }}
{%- endmacro %}

{#- What so many pieces cost; NULL for a cost that cannot be: its product is at fault, not the order. -#}
{% macro cost_of_pieces(quantity, unit_cost) -%}
    case when not coalesce({{ is_too_large([quantity, unit_cost]) }}, false) then {{ pieces_times(quantity, unit_cost) }} end
{%- endmacro %}

{#-
    A margin where it can be trusted: it is that of orders whose cost is known, and is NULL when they are
    less than `min_costed_share` of the revenue it stands for.
-#}
{% macro known_margin(margin, costed_revenue, revenue) -%}
    case when {{ costed_revenue }} >= {{ var('min_costed_share') }} * {{ revenue }} then {{ margin }} end
{%- endmacro %}

{#-
    CTEs that give rows of `currency_code` the rate of their business day; the last one is called
    `converted`. Without a rate that day it is NULL.
-#}
{% macro with_rates(rows, day) -%}
rates as (

    select * from {{ ref('stg_exchange_rates') }}

),

converted as (

    select
        {{ rows }}.*,
        case
            when {{ rows }}.currency_code = '{{ var('reporting_currency') }}' then 1
            else rates.rate_to_reporting
        end as rate_to_reporting
    from {{ rows }}
    left join rates
        on
            {{ rows }}.{{ day }} = rates.rate_on
            and {{ rows }}.currency_code = rates.currency

)
{%- endmacro %}
