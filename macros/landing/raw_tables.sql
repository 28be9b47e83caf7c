{#- Every raw table of the contract, with the model in which its faults are marked. -#}
{% macro raw_tables() %}
    {{ return({
        'customers': 'base_customers',
        'accounts': 'base_accounts',
        'products': 'raw_products',
        'orders': 'base_orders',
        'order_items': 'base_order_items',
        'refunds': 'base_refunds',
        'interactions': 'base_interactions',
        'feedback': 'base_feedback',
        'tickets': 'base_tickets',
        'campaigns': 'raw_campaigns',
        'marketing_spend': 'base_marketing_spend',
        'experiments': 'raw_experiments',
        'experiment_variants': 'raw_experiment_variants',
        'experiment_assignments': 'base_experiment_assignments',
        'consents': 'base_consents',
        'identity_links': 'base_identity_links',
        'exchange_rates': 'raw_exchange_rates',
        'erasure_requests': 'raw_erasure_requests',
        'erasures': 'raw_erasures',
        'exports': 'raw_exports',
        'fitted_parameters': 'raw_fitted_parameters',
        'loads': 'raw_loads',
    }) }}
{% endmacro %}

{#- What the contract says of a raw table; none while the project is parsed, when no yml is known. -#}
{% macro contract_of(table) %}
    {{ return(graph.nodes['model.customer_lifecycle.raw_' ~ table] if execute else none) }}
{% endmacro %}

{#- The newest event of a staged table, as its contract's `event_time` says, as an aggregate. -#}
{% macro newest_event_at(table) -%}
    {%- set contract = contract_of(table) -%}
    {%- set column = contract.config.meta.event_time if contract else none -%}
    {%- if not column -%}
        cast(null as {{ dbt.type_timestamp() }})
    {%- elif landing_type(contract.columns[column]) == 'date' -%}
        {{ start_of_business_date('max(' ~ column ~ ')') }}
    {%- else -%}
        max({{ column }})
    {%- endif -%}
{%- endmacro %}

{#-
    Which load a row of a landing model came with. What the project writes itself has no loads: there
    it is the instant at which the row was written, as its contract's `written_at` says.
-#}
{% macro load_of(table) -%}
    {%- set contract = contract_of(table) -%}
    {%- set written_at = contract.config.meta.written_at if contract else none -%}
    {%- if written_at -%}
        coalesce(_load_id, cast({{ written_at }} as {{ dbt.type_string() }}))
    {%- else -%}
        _load_id
    {%- endif -%}
{%- endmacro %}
