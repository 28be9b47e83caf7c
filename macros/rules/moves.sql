{#-
    CTEs that say where customers who changed their stage within a month were when it began, and where when
    it was over; the last one is called `movers`. Several changes are one, and who came in the same month was
    nowhere when it began.

      condition  which transitions, by their business day in `dates`
-#}
{% macro with_moves(condition='1 = 1') -%}
transitions as (

    select
        changes.customer_id,
        changes.span_number,
        dates.month_start_on
    from {{ ref('lifecycle_transitions') }} as changes
    inner join {{ ref('dim_dates') }} as dates
        on changes.transitioned_on = dates.date_on
    where {{ condition }}

),

moved as (

    select
        customer_id,
        month_start_on,
        min(span_number) as first_span_number,
        max(span_number) as last_span_number
    from transitions
    group by customer_id, month_start_on

),

movers as (

    select
        moved.customer_id,
        customers.customer_type,
        moved.month_start_on,
        left_behind.stage as from_stage,
        arrived_in.stage as to_stage
    from moved
    inner join {{ ref('lifecycle_spans') }} as left_behind
        on
            moved.customer_id = left_behind.customer_id
            and left_behind.span_number = moved.first_span_number - 1
    inner join {{ ref('lifecycle_spans') }} as arrived_in
        on
            moved.customer_id = arrived_in.customer_id
            and moved.last_span_number = arrived_in.span_number
    inner join {{ ref('int_customers') }} as customers
        on moved.customer_id = customers.customer_id
    where
        left_behind.span_number > 1
        or {{ business_date('left_behind.valid_from') }} < moved.month_start_on

)
{%- endmacro %}

{#- Whether a stage is one in which a customer is lost, for now or for good. -#}
{% macro is_lapsed(stage) -%}
    {{ stage }} in ('{{ vocabulary('lapsed_stage') | join("', '") }}')
{%- endmacro %}
