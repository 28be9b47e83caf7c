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

{#- A part of a total, eight places, before it is rounded without loss. -#}
{% macro to_weight(total, share) -%}
    cast(round(cast(cast({{ total }} as {{ type_double() }}) * {{ share }} as decimal(38, 10)), 8) as decimal(28, 8))
{%- endmacro %}

{#-
    A total split by weights without losing a ten-thousandth: each part ends where its rounded running
    share ends, and begins where the one before it does. `rows` is the window of the running sum, `whole`
    the one over all parts.
-#}
{% macro running_share(total, weight, rows, whole) -%}
    case
        when sum({{ weight }}) over {{ rows }} = sum({{ weight }}) over {{ whole }} then {{ to_total(total) }}
        else {{ to_total(
            'cast(' ~ total ~ ' as ' ~ type_double() ~ ') * cast(sum(' ~ weight ~ ') over ' ~ rows ~ ' as ' ~ type_double() ~ ')'
            ~ ' / cast(sum(' ~ weight ~ ') over ' ~ whole ~ ' as ' ~ type_double() ~ ')'
        ) }}
    end
{%- endmacro %}

{#- As many channels as the chain of kpi_attribution can tell apart; the chain is solved one by one. -#}
{% macro max_attributed_channels() %} {{ return(64) }} {% endmacro %}
