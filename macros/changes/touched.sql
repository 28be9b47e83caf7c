{#-
    Incremental models are kept up to date by what is touched: the rows of the target whose key is
    among the changed ones go, those that the model's SELECT gives for these keys come, in one
    transaction. `touched_when` in a model's config lists [column, set] or [column, set, condition]:

      rows of <table>   keys of raw rows that changed       (changed_rows)
      orders            orders to be valued anew            (changed_orders)
      contacts, devices ids that lead to another customer   (changed_identities)
      customers         customers whose life changed        (changed_customers)
      buyers            those whose orders changed          (changed_customers)
      buyers and voices those, or what they think of us     (changed_customers)
      mentions          ids that changed rows speak of      (changed_ids)
      raw rows          of whatever table, in quarantine    (changed_rows)
      tables read in full                                   (always, every row)
      instants, days    that `as_of` has moved over         (changed_as_of)
-#}
{% macro touched_set(set) %}
    {%- if set.startswith('rows of ') -%}
        {{ return(['changed_rows', 'row_key', "table_name = '" ~ set[8:] ~ "'"]) }}
    {%- endif -%}
    {{ return({
        'orders': ['changed_orders', 'order_id', none],
        'contacts': ['changed_identities', 'source_id', "source_kind = 'customer'"],
        'devices': ['changed_identities', 'source_id', "source_kind = 'anonymous'"],
        'customers': ['changed_customers', 'customer_id', none],
        'buyers': ['changed_customers', 'customer_id', 'has_changed_orders'],
        'buyers and voices': ['changed_customers', 'customer_id', 'has_changed_orders or has_changed_signals'],
        'mentions': ['changed_ids', "id_kind || ':' || id", none],
        'raw rows': ['changed_rows', "table_name || ':' || row_key", none],
        'tables read in full': ['changed_rows', none, none],
        'instants': ['changed_as_of', 'moved_from', none],
        'days': ['changed_as_of', 'moved_from_on', none],
    }[set]) }}
{% endmacro %}

{#-
    Says that a model comes after another one, whether or not it reads it in this run. Unit tests know
    only the models they are given.
-#}
{% macro after(model_name) -%}
    {%- if model.resource_type != 'unit_test' -%}
        {%- do ref(model_name) -%}
    {%- endif -%}
{%- endmacro %}

{#- Whether a column is in a set of what is touched, as SQL. In a full run everything is. -#}
{% macro is_touched(column, set) -%}
    {{ after(touched_set(set)[0]) }}
    {{- touched_condition(column, set, ref(touched_set(set)[0])) if is_delta_run() else '1 = 1' }}
{%- endmacro %}

{% macro touched_condition(column, set, changed) -%}
    {%- set model_name, key, condition = touched_set(set) -%}
    {%- if key is none -%}
        {{ column }} not in ('{{ staged_by_row() | join("', '") }}')
    {%- else -%}
        {%- set found = '(select ' ~ key ~ ' from ' ~ changed ~ (' where ' ~ condition if condition else '') ~ ')' -%}
        {{ column }} {{ '>=' if set in ['instants', 'days'] else 'in' }} {{ found }}
    {%- endif -%}
{%- endmacro %}

{#- The same for a `touched_when`. -#}
{% macro any_touched(touched_when) -%}
    {%- set conditions = [] -%}
    {%- for entry in touched_when -%}
        {%- set condition = is_touched(entry[0], entry[1]) -%}
        {%- do conditions.append('(' ~ condition ~ ' and ' ~ entry[2] ~ ')' if entry | length > 2 else condition) -%}
    {%- endfor -%}
    ({{ conditions | join(' or ') }})
{%- endmacro %}

{#- The rows of a model's own config that it has to compute. -#}
{% macro touched() -%}
    {%- if not execute -%}
        {#- A config is not known yet while the project is parsed. -#}
        {%- for name in ['changed_rows', 'changed_orders', 'changed_identities', 'changed_customers', 'changed_as_of'] %}{{ after(name) }}{% endfor -%}
    {%- endif -%}
    {{ any_touched(config.get('touched_when')) if is_delta_run() else '1 = 1' }}
{%- endmacro %}

{#- The incremental strategy `touched`; dbt calls it. -#}
{% macro get_incremental_touched_sql(arg_dict) %}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set names = arg_dict['dest_columns'] | map(attribute='name') | map('lower') | join(', ') -%}
    {%- set conditions = [] -%}
    {%- for entry in config.get('touched_when') -%}
        {%- set condition = touched_condition(entry[0], entry[1], existing(touched_set(entry[1])[0])) -%}
        {%- do conditions.append('(' ~ condition ~ ' and ' ~ entry[2] ~ ')' if entry | length > 2 else condition) -%}
    {%- endfor -%}
    {#- One by one: an engine skips what a single condition does not ask for. #}
    {%- for condition in conditions %}
    delete from {{ target }} where {{ condition }};
    {%- endfor %}
    insert into {{ target }} ({{ names }}) select {{ names }} from {{ arg_dict['temp_relation'] }}
{% endmacro %}

{#- dbt asks this of every incremental model, and of seeds and snapshots. -#}
{% macro should_full_refresh() %}
    {%- if config.get('materialized') == 'incremental' -%}
        {{ return(not is_delta_run()) }}
    {%- endif -%}
    {%- set given = config.get('full_refresh') -%}
    {{ return(flags.FULL_REFRESH if given is none else given) }}
{% endmacro %}
