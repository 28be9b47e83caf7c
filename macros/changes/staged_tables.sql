{#-
    The raw tables that are staged row by row, each with the column of its staging model that holds
    the row key, and the ids that its rows speak of: {id kind: columns}. The others are small and are
    read in full by every run.
-#}
{% macro staged_by_row() %}
    {{ return({
        'customers': {'key': 'customer_id', 'ids': {'customer': ['customer_id', 'referrer_customer_id']}},
        'accounts': {'key': 'account_id', 'ids': {}},
        'orders': {'key': 'order_id', 'ids': {
            'order': ['order_id'], 'customer': ['customer_id'], 'campaign': ['campaign_id'],
        }},
        'order_items': {'key': 'order_item_id', 'ids': {'order': ['order_id'], 'product': ['product_id']}},
        'refunds': {'key': 'refund_id', 'ids': {'order': ['order_id'], 'customer': ['customer_id']}},
        'interactions': {'key': 'interaction_id', 'ids': {
            'customer': ['customer_id'], 'anonymous': ['anonymous_id'],
            'campaign': ['campaign_id'], 'product': ['product_id'],
        }},
        'feedback': {'key': 'feedback_id', 'ids': {'customer': ['customer_id']}},
        'tickets': {'key': 'ticket_id', 'ids': {'customer': ['customer_id']}},
        'consents': {'key': '_row_key', 'ids': {'customer': ['customer_id']}},
        'experiment_assignments': {'key': '_row_key', 'ids': {
            'customer': ['customer_id'], 'anonymous': ['anonymous_id'],
        }},
    }) }}
{% endmacro %}

{#-
    The landed rows that a run has to stage: all of them, or, in a delta, every version of the keys
    that changed. To be used as a relation.
-#}
{% macro working_set(table) -%}
    {%- set landed = ref('raw_' ~ table) -%}
    {{- after('changed_rows') -}}
    {%- if is_delta_run() -%}
        (
            {{ landing_select(
                graph.nodes['model.customer_lifecycle.raw_' ~ table], table, landing_table(table),
                is_only_changed=true
            ) }}
        )
    {%- else -%}
        {{ landed }}
    {%- endif -%}
{%- endmacro %}

{#- Whether the key of a raw table is one column of text, as it came. -#}
{% macro has_text_key(contract, found) -%}
    {%- set names = contract.config.meta.key -%}
    {{ return(names | length == 1 and names[0] in found and landing_is_text(found[names[0]].type)) }}
{%- endmacro %}

{#-
    Joins raw rows with the loads that `which`, a column of `loads`, is true of, where their key came with blanks
    around it. Whether it did is part of the join: on its own it would be asked of every row there is.
-#}
{% macro join_blank_loads(rows, own, table, loads, which) -%}
    {{ rows }} as given_rows
        inner join (
            select
                loads.load_id as blank_load_id,
                loads.{{ which }} as has_blanks
            from {{ loads }} as loads
            where loads.table_name = '{{ table }}' and loads.{{ which }}
            group by loads.load_id, loads.{{ which }}
        ) as blank_loads
            on
                given_rows._load_id = blank_loads.blank_load_id
                and {{ has_blanks_around(own) }} = blank_loads.has_blanks
{%- endmacro %}

{#- The loads, of those that `which` is true of, with keys that came with blanks around them. -#}
{% macro loads_with_blank_keys(table, loads, which) -%}
    {%- set relation = landing_table(table) if execute -%}
    {%- set contract = contract_of(table) -%}
    {%- set found = landing_columns(relation, {}, table) if execute else {} -%}
    {%- if relation and '_load_id' in found and has_text_key(contract, found) -%}
        {%- set own = adapter.quote(found[contract.config.meta.key[0]].name) -%}
        select given_rows._load_id as load_id
        from {{ join_blank_loads(relation, own, table, loads, which) }}
        group by given_rows._load_id
    {%- else -%}
        select cast(null as {{ dbt.type_string() }}) as load_id where 1 = 0
    {%- endif -%}
{%- endmacro %}

{#-
    The raw rows whose key changed. Nearly every key came without blanks around it: those rows are
    found by the column as it is, which an engine does many times faster than trimming each key.
-#}
{% macro with_changed_keys(rows, contract, table, found) -%}
    {%- set changed -%}
        (
            select changed_rows.row_key
            from {{ existing('changed_rows') }} as changed_rows
            where changed_rows.table_name = '{{ table }}'
        )
    {%- endset -%}
    {%- set has_key = "coalesce(" ~ landing_row_key(contract, found) ~ ", '') in " ~ changed -%}
    (
        {% if has_text_key(contract, found) -%}
        {%- set own = adapter.quote(found[contract.config.meta.key[0]].name) -%}
        select * from {{ rows }}
        where {{ own }} in {{ changed }} and {{ own }} != ''
        union all
        select * from {{ rows }}
        where {{ '_load_id is null and' if '_load_id' in found }} {{ has_blanks_around(own) }} and {{ has_key }}
        {%- if '_load_id' in found %}
        union all
        select given_rows.*
        from {{ join_blank_loads(rows, own, table, existing('landed_loads'), 'has_blank_keys') }}
        where {{ has_key }}
        {%- endif %}
        {%- else -%}
        select * from {{ rows }}
        where {{ has_key }}
        {%- endif %}
    ) as given
{%- endmacro %}
