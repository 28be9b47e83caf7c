{#-
    The words that the SQL itself knows. Whatever else a rule seed calls something is policy; these
    are mechanism, and a seed that uses another word is a mistake.
-#}
{% macro vocabulary(of) %}
    {{ return({
        'customer_type': ['b2c', 'b2b'],
        'stage': [
            'awareness', 'consideration', 'purchase', 'use', 'retention', 'loyalty', 'advocacy', 'decline', 'churn',
            'winback', 'lost_prospect',
        ],
        'lapsed_stage': ['decline', 'churn', 'lost_prospect'],
        'prospect_stage': ['awareness', 'consideration', 'lost_prospect'],
        'threshold_mode': ['fixed', 'population', 'personal'],
        'direction': ['inbound', 'outbound'],
        'signal': ['none', 'interest', 'intent', 'advocacy', 'dissatisfaction'],
        'opinion_signal': ['advocacy', 'dissatisfaction'],
        'funnel': ['shop', 'b2b'],
        'journey': ['stages', 'shop', 'cart', 'b2b', 'onboarding'],
        'counts_as': [
            'cart', 'use', 'help', 'enrolment', 'points_earned', 'points_redeemed', 'referral_sent',
            'referral_converted', 'review', 'open', 'redemption', 'opt_out', 'complaint',
        ],
        'measures': ['promotion', 'satisfaction', 'effort'],
        'experiment_measure': ['order', 'orders', 'revenue', 'margin', 'interaction'],
        'channel_kind': ['online', 'offline', 'partner'],
        'conversion_kind': ['new', 'repeat'],
        'churn_reason': ['changed_needs', 'competition', 'financial', 'quality', 'function', 'price'],
        'plan_reason': ['changed_needs', 'competition', 'financial', 'quality', 'function', 'price', 'unknown'],
        'decline_signal': decline_signal_words(),
        'value_tier': ['high', 'medium', 'low'],
        'effort_level': ['high', 'standard', 'low'],
        'action_trigger': ['order', 'segment_entry', 'stage_entry', 'expected_order'],
        'offer_type': ['service', 'content', 'recommendation', 'discount', 'loyalty', 'referral'],
        'remedy': ['improve_service', 'improve_function', 'offer'],
        'mapping': ['exact', 'folded', 'outside'],
        'better': ['up', 'down'],
        'needed_parameter': ['mean_order_value', 'mean_customer_value'],
        'parameter': [
            'mean_order_value', 'mean_customer_value', 'population_decline_days', 'population_churn_days',
        ],
    }[of]) }}
{% endmacro %}

{#- Whether a signal tells what a customer thinks of us, which moves a buyer's stage. -#}
{% macro is_opinion(signal) -%}
    {{ signal }} in ('{{ vocabulary('opinion_signal') | join("', '") }}')
{%- endmacro %}

{#- The details of the stages that have some. -#}
{% macro stage_details() %}
    {{ return({'consideration': ['interest', 'intent'], 'decline': ['silence', 'dissatisfaction']}) }}
{% endmacro %}

{#- The signals of decline. -#}
{% macro decline_signal_words() %}
    {{ return(['frequency', 'quantity', 'value', 'engagement', 'satisfaction', 'complaint']) }}
{% endmacro %}
