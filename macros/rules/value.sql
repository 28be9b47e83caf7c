{#-
    What the models of customer value need to know of a customer, as CTEs over a CTE of rows of
    int_purchase_moments. Several orders on one business day are one purchase day; the first is no
    repeat; a day counts for the value of a purchase only when something is left of it.
-#}
{% macro purchase_statistics(moments) -%}
purchase_days as (

    select
        customer_id,
        customer_type,
        purchased_on,
        sum(net_amount) as net_amount
    from {{ moments }}
    group by customer_id, customer_type, purchased_on

),

days_since_the_first as (

    select
        *,
        min(purchased_on) over (partition by customer_id) as first_purchase_on
    from purchase_days

),

statistics as (

    select
        customer_id,
        max(customer_type) as customer_type,
        max(first_purchase_on) as first_purchase_on,
        max(purchased_on) as last_purchase_on,
        cast(count(*) - 1 as {{ dbt.type_bigint() }}) as repeat_purchase_days,
        cast({{ dbt.datediff('min(purchased_on)', 'max(purchased_on)', 'day') }} as {{ dbt.type_bigint() }})
            as first_to_last_days,
        cast(
            sum(case when purchased_on > first_purchase_on and net_amount > 0 then 1 else 0 end)
            as {{ dbt.type_bigint() }}
        ) as valued_repeat_days,
        {{ as_total('sum(case when purchased_on > first_purchase_on and net_amount > 0 then net_amount else 0 end)') }}
            as repeat_amount
    from days_since_the_first
    group by customer_id

)
{%- endmacro %}

{#- Columns as doubles under their own names. -#}
{% macro as_doubles(columns) -%}
    {%- for column in columns -%}
        cast({{ column }} as {{ type_double() }}) as {{ column }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- e to the power of x; what is too small or too large for the engine stays at the brink of it. -#}
{% macro bounded_exp(x) -%}
    exp(least(greatest({{ x }}, -700), 700))
{%- endmacro %}

{#- ln(1 + e^x), whatever x. -#}
{% macro log_one_plus_exp(x) -%}
    (greatest({{ x }}, 0) + ln(1 + {{ bounded_exp('-abs(' ~ x ~ ')') }}))
{%- endmacro %}

{#- BG/NBD: the probability that a customer will order again at all. -#}
{% macro alive_probability(x, first_to_last, age) -%}
    case
        when {{ x }} = 0 then 1
        else 1 / (
            1 + a / (b + {{ x }} - 1) * {{ bounded_exp(
                '(r + ' ~ x ~ ') * (ln(alpha + ' ~ age ~ ') - ln(alpha + ' ~ first_to_last ~ '))'
            ) }}
        )
    end
{%- endmacro %}

{#- BG/NBD: of a customer who is still there, the probability of no order within so many days. -#}
{% macro silent_probability(x, age, days) -%}
    {{ bounded_exp('(r + ' ~ x ~ ') * (ln(alpha + ' ~ age ~ ') - ln(alpha + ' ~ age ~ ' + ' ~ days ~ '))') }}
{%- endmacro %}

{#- Gamma-Gamma: the mean value of a purchase day to come. -#}
{% macro mean_purchase_value(x, amount) -%}
    (p * (v + cast({{ amount }} as {{ type_double() }})) / (p * {{ x }} + q - 1))
{%- endmacro %}
