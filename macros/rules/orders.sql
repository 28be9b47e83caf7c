{#- A sale counts in revenue: not cancelled, not a test, worth something after discounts. -#}
{% macro is_sale(is_cancelled, is_test, net_sales_amount) -%}
    (not {{ is_cancelled }} and not {{ is_test }} and {{ net_sales_amount }} > 0)
{%- endmacro %}

{#-
    A valid order counts for customers and stages: a sale still above zero net of its refunds, both in
    the order's own currency, in which nothing was rounded.
-#}
{% macro is_valid_order(is_cancelled, is_test, net_sales_amount, sold, refunded) -%}
    (
        {{ is_sale(is_cancelled, is_test, net_sales_amount) }}
        and {{ sold }} - {{ refunded }} > 0
    )
{%- endmacro %}
