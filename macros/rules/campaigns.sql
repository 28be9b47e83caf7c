{#- A hold-out is an experiment whose control gets nothing: the contract calls such an arm `holdout`. -#}
{% macro is_holdout(control_variant) -%}
    lower({{ control_variant }}) = 'holdout'
{%- endmacro %}

{#- What is added up of a campaign's contacts and orders, whatever they are grouped by. -#}
{% macro campaign_counts() %}
    {{ return([
        'contacted_customers', 'contacts', 'opened_customers', 'responded_customers', 'redemptions',
        'converted_customers', 'window_orders', 'unsubscribed_customers', 'complained_customers', 'orders',
    ]) }}
{% endmacro %}

{% macro campaign_amounts() %}
    {{ return([
        'window_net_amount', 'net_amount', 'discount_amount', 'costed_net_amount', 'margin_amount',
        'contact_cost_amount',
    ]) }}
{% endmacro %}

{#- The shares of the contacted of a row that has the counts and `is_window_over`. -#}
{% macro campaign_rates() -%}
    {%- for name, numerator in {
        'response_rate': 'responded_customers',
        'conversion_rate': 'converted_customers',
        'unsubscribe_rate': 'unsubscribed_customers',
        'complaint_rate': 'complained_customers',
    }.items() %}
        case when is_window_over then {{ rate(numerator, 'contacted_customers') }} end as {{ name }}
        {{- ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
