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
