{#-
    Fails with every span of a customer that does not follow from the one before: numbers run from
    1, each span is longer than nothing and ends where the next begins, only the last is open,
    neighbours differ in one of the `states`, and each knows the first state of its neighbours.
    `of` are the columns that tell whose spans they are.
-#}
{% test contiguous_spans(model, states, previous, next=none, of=['customer_id']) %}

{%- set with_next, with_previous = [], [] -%}
{%- for column in of -%}
    {%- do with_next.append('spans.' ~ column ~ ' = next_spans.' ~ column) -%}
    {%- do with_previous.append('spans.' ~ column ~ ' = previous_spans.' ~ column) -%}
{%- endfor -%}

{%- set repeats = [] -%}
{%- for state in states -%}
    {%- do repeats.append('next_spans.' ~ state ~ ' is not distinct from spans.' ~ state) -%}
{%- endfor -%}
{%- set wrong_next = 'spans.' ~ next ~ ' is distinct from next_spans.' ~ states[0] if next else 'false' %}

with

spans as (

    select * from {{ model }}

),

neighbours as (

    select
        {% for column in of -%}
        spans.{{ column }},
        {% endfor -%}
        spans.span_number,
        spans.valid_from,
        spans.valid_to,
        next_spans.valid_from as next_valid_from,
        case
            when spans.span_number = 1 then spans.{{ previous }} is not null
            else previous_spans.span_number is null
        end as has_wrong_beginning,
        next_spans.span_number is not null and next_spans.{{ previous }} is distinct from spans.{{ states[0] }}
            as has_wrong_previous,
        {{ wrong_next }} as has_wrong_next,
        next_spans.span_number is not null and {{ repeats | join(' and ') }} as is_repeated
    from spans
    left join spans as next_spans
        on
            {{ with_next | join(' and ') }}
            and spans.span_number + 1 = next_spans.span_number
    left join spans as previous_spans
        on
            {{ with_previous | join(' and ') }}
            and spans.span_number - 1 = previous_spans.span_number

),

broken as (

    select * from neighbours
    where
        has_wrong_beginning
        or has_wrong_previous
        or has_wrong_next
        or is_repeated
        or valid_from >= valid_to
        or valid_to is distinct from next_valid_from

)

select * from broken

{% endtest %}
