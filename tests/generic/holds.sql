{#- Fails with every row of which the condition is not true; NULL is no answer and passes. -#}
{% test holds(model, condition) %}

select * from {{ model }}
where not ({{ condition }})

{% endtest %}
