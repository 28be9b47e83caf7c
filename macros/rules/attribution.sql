{#- The models of attribution that weigh the touches of one path, and the one that weighs all paths. -#}
{% macro path_models() %}
    {{ return(['first_touch', 'last_touch', 'linear', 'position_based', 'time_decay', 'shapley']) }}
{% endmacro %}

{#-
    Share of a purchase that a touch has earned, eight places, so that sums of them are the same in
    whatever order and on every engine; NULL for a touch that led to none.
-#}
{% macro to_credit(share) -%}
    cast(round(cast(case when is_converted then {{ share }} end as decimal(18, 12)), 8) as decimal(10, 8))
{%- endmacro %}

{#- What a part of a total is measured by, before it is rounded without loss: eight places of a share. -#}
{% macro to_weight(expression) -%}
    cast(round(cast({{ expression }} as decimal(38, 12)), 8) as decimal(38, 12))
{%- endmacro %}

{#-
    A total split by weights, to so many places, so that nothing is lost: each part ends where its rounded
    running share ends, and begins where the one before it does. `up_to_here` is the window of the running
    sum, `whole` the one over all parts.
-#}
{% macro running_share(total, weight, places, up_to_here, whole) -%}
    {%- set part = 'sum(' ~ weight ~ ') over ' ~ up_to_here -%}
    {%- set all = 'sum(' ~ weight ~ ') over ' ~ whole -%}
    {%- set double = type_double() -%}
    case
        when {{ part }} = {{ all }} then cast({{ total }} as decimal(28, {{ places }}))
        else cast(round(cast(
            cast({{ total }} as {{ double }}) * cast({{ part }} as {{ double }}) / cast({{ all }} as {{ double }})
            as decimal(38, 10)
        ), {{ places }}) as decimal(28, {{ places }}))
    end
{%- endmacro %}

{#- As many channels as the chain can tell apart, and their numbers: it is solved one by one. -#}
{% macro max_attributed_channels() %}
    {{ return(64) }}
{% endmacro %}

{% macro attributed_channel_numbers() %}
    {{ return(range(1, max_attributed_channels() + 1) | map('string') | list) }}
{% endmacro %}
