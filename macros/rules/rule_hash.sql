{#- One fingerprint of the policy a build followed: every rule seed and the variables of the project. -#}
{% macro rule_hash() -%}
    {%- if execute -%}
        {%- set parts = [] -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'seed' and 'rules' in node.fqn -%}
            {%- do parts.append(node.name ~ ':' ~ node.checksum.checksum) -%}
        {%- endfor -%}
        {%- for name in [
            'reporting_timezone',
            'reporting_currency',
            'session_timeout_minutes',
            'max_customers_per_device',
            'high_value_factor',
            'personal_attributes',
            'closed_loop_days',
            'repeat_contact_days',
            'shop_funnel_days',
            'b2b_funnel_days',
            'return_window_days',
            'campaign_window_days',
            'recommendations_per_customer',
            'recommendation_rules_per_product',
            'preferred_channel_days',
            'repeat_windows_days',
            'scorecard_repeat_window_days',
            'journey_gap_months',
            'journey_past_months',
            'cross_sell_window_days',
            'min_costed_share',
            'affinity_max_products',
            'affinity_min_support',
            'attribution_by',
            'experiment_min_units',
            'split_alarm_p_value',
            'always_valid_sample',
            'annual_discount_rate',
            'back_test_days',
        ] -%}
            {%- do parts.append(name ~ ':' ~ var(name)) -%}
        {%- endfor -%}
        {{ return(local_md5(parts | sort | join('|'))) }}
    {%- endif -%}
{%- endmacro %}
