{#-
    What an earlier run found and did not complete is still to be done, whatever came or went since:
    its tables may hold what neither the last complete run nor this one knows of. Such a row stays
    until a run is complete; `since_run` says which one it waits since. For deltas.
-#}
{% macro pending(columns) -%}
    select {% for column in columns %}pending.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from {{ existing(model.name) }} as pending
    where pending.since_run = {{ last_run_number() }}
{%- endmacro %}

{#- The number of the last complete run, as SQL; 0 in a full run. -#}
{% macro last_run_number() -%}
    {%- if is_delta_run() -%}
        (select max(completed.run_number) from {{ existing('completed_run') }} as completed)
    {%- else -%}
        cast(0 as {{ dbt.type_bigint() }})
    {%- endif -%}
{%- endmacro %}
