{#- A figure in force as one text, to be compared between runs. -#}
{% macro parameter_text() -%}
    parameter || '=' || cast(value as {{ dbt.type_string() }})
{%- endmacro %}

{#-
    The models that nothing incremental comes after: when they are done, so is a run. What a run
    found is only forgotten after them.
-#}
{% macro after_all_models() -%}
    {%- for model_name in [
        'stg_consents', 'quarantined_rows',
        'dim_contacts', 'dim_customers', 'dim_customer_attributes', 'dim_customer_attribute_history',
        'dim_products', 'dim_campaigns',
        'fct_orders', 'campaign_contacts', 'fct_campaign_orders', 'int_customer_products',
        'fct_revenue_events', 'attribution_touches', 'fct_customer_months', 'confirmed_churns',
        'lifecycle_transitions', 'customer_segment_history', 'decline_signals', 'loss_contacts',
        'int_tickets', 'int_experiment_outcomes', 'int_assigned_outcomes', 'int_funnel_entries',
        'int_stage_touches', 'int_onboarding', 'int_activity_months', 'int_contact_costs', 'int_contact_days', 'int_reason_events', 'int_buyer_statistics',
    ] %}
-- depends_on: {{ ref(model_name) }}
    {%- endfor %}
{%- endmacro %}
