{#-
    Where each metric of kpi_targets is measured: in which KPI mart, by which of its columns. `numerator` and
    `denominator` are added up over the rows of a month, and a row whose numerator is not known is left out
    with its denominator; `value` is what the mart publishes of a row, and a test holds the scorecard to it.
    A metric without a denominator is a sum. `is_over` says that a row's value is final. The stage is where
    a metric is watched and no filter: among those in advocacy everybody is a promoter.
-#}
{% macro scorecard_metrics() %}
    {{ return([
        {'metric': 'exposure', 'stage': 'awareness', 'mart': 'kpi_acquisition',
            'numerator': 'impressions', 'value': 'impressions'},
        {'metric': 'new_prospects', 'stage': 'awareness', 'mart': 'kpi_acquisition',
            'numerator': 'new_prospects', 'value': 'new_prospects'},
        {'metric': 'conversion_rate', 'stage': 'awareness', 'mart': 'kpi_stage_transitions',
            'where': "from_stage = 'awareness'", 'denominator': 'customers',
            'numerator': "case when to_stage in ('awareness', 'lost_prospect') then 0 else customers end",
            'value': "case when to_stage in ('awareness', 'lost_prospect') then 0 else transition_rate end",
            'weight': 'customers_at_start'},
        {'metric': 'conversion_rate', 'stage': 'consideration', 'mart': 'kpi_stage_transitions',
            'where': "from_stage = 'consideration'", 'denominator': 'customers',
            'numerator': 'case when to_stage in ' ~ prospects() ~ ' then 0 else customers end',
            'value': 'case when to_stage in ' ~ prospects() ~ ' then 0 else transition_rate end',
            'weight': 'customers_at_start'},
        {'metric': 'cart_abandonment_rate', 'stage': 'consideration', 'mart': 'kpi_funnel', 'is_over': 'is_mature',
            'numerator': 'abandoned_carts', 'denominator': 'carts', 'value': 'cart_abandonment_rate'},
        {'metric': 'acquisition_cost', 'stage': 'purchase', 'mart': 'kpi_retention_cost', 'is_whole': true,
            'numerator': 'acquisition_spend_amount', 'denominator': 'new_customers',
            'value': 'acquisition_cost_amount'},
        {'metric': 'acquisition_to_retention_cost', 'stage': 'purchase', 'mart': 'kpi_retention_cost',
            'is_whole': true, 'numerator': 'acquisition_cost_amount',
            'denominator': 'retention_cost_per_customer_amount', 'value': 'acquisition_to_retention_cost_ratio'},
        {'metric': 'value_to_acquisition_cost', 'stage': 'purchase', 'mart': 'kpi_acquisition',
            'numerator': 'case when new_customers = 0 then 0 else cohort_margin_amount end',
            'denominator': 'acquisition_spend_amount', 'value': 'value_to_acquisition_cost_ratio'},
        {'metric': 'payback_months', 'stage': 'purchase', 'mart': 'kpi_retention_cost', 'is_whole': true,
            'is_over': 'is_month_complete and (payback_months is not null or acquisition_spend_amount is null'
                ~ ' or acquisition_spend_amount = 0)',
            'numerator': 'payback_months', 'value': 'payback_months'},
        {'metric': 'satisfaction_rate', 'stage': 'use', 'mart': 'kpi_feedback',
            'numerator': 'satisfied_answers', 'denominator': 'answers', 'value': 'satisfaction_rate'},
        {'metric': 'low_effort_rate', 'stage': 'use', 'mart': 'kpi_feedback',
            'numerator': 'low_effort_answers', 'denominator': 'answers', 'value': 'low_effort_rate'},
        {'metric': 'first_contact_resolution_rate', 'stage': 'use', 'mart': 'kpi_service',
            'is_over': 'is_month_complete and (first_contact_resolution_rate is not null or judged_tickets = 0)',
            'numerator': 'first_contact_resolutions', 'denominator': 'judged_tickets',
            'value': 'first_contact_resolution_rate'},
        {'metric': 'response_minutes', 'stage': 'use', 'mart': 'kpi_service',
            'numerator': 'mean_response_minutes * responded_tickets', 'denominator': 'responded_tickets',
            'value': 'mean_response_minutes'},
        {'metric': 'repeat_contact_rate', 'stage': 'use', 'mart': 'kpi_service',
            'numerator': 'repeat_contacts', 'denominator': 'tickets', 'value': 'repeat_contact_rate'},
        {'metric': 'retention_rate', 'stage': 'retention', 'mart': 'kpi_customers',
            'numerator': 'retained_customers', 'denominator': 'previous_active_customers',
            'value': 'retention_rate'},
        {'metric': 'stage_retention_rate', 'stage': 'retention', 'mart': 'kpi_customers',
            'numerator': 'still_engaged_at_end', 'denominator': 'engaged_at_start',
            'value': 'stage_retention_rate'},
        {'metric': 'repeat_rate', 'stage': 'retention', 'mart': 'kpi_repeat_orders', 'is_over': 'is_mature',
            'where': 'window_days = ' ~ var('scorecard_repeat_window_days'),
            'numerator': 'repeat_customers', 'denominator': 'cohort_customers', 'value': 'repeat_rate'},
        {'metric': 'repurchase_rate', 'stage': 'retention', 'mart': 'kpi_customers',
            'numerator': 'repeat_customers', 'denominator': 'active_customers', 'value': 'repurchase_rate'},
        {'metric': 'cross_sell_rate', 'stage': 'retention', 'mart': 'kpi_cross_sell', 'is_over': 'is_window_over',
            'numerator': 'cross_sold_customers', 'denominator': 'new_customers', 'value': 'cross_sell_rate'},
        {'metric': 'up_sell_rate', 'stage': 'retention', 'mart': 'kpi_cross_sell',
            'numerator': 'up_sold_orders', 'denominator': 'repeat_orders', 'value': 'up_sell_rate'},
        {'metric': 'retention_cost_per_customer', 'stage': 'retention', 'mart': 'kpi_retention_cost',
            'is_whole': true, 'numerator': 'retention_cost_amount', 'denominator': 'active_customers',
            'value': 'retention_cost_per_customer_amount'},
        {'metric': 'programme_enrolment_rate', 'stage': 'loyalty', 'mart': 'kpi_loyalty',
            'numerator': 'members', 'denominator': 'buyers', 'value': 'programme_enrolment_rate'},
        {'metric': 'redemption_rate', 'stage': 'loyalty', 'mart': 'kpi_loyalty',
            'numerator': 'points_redeemed', 'denominator': 'points_earned', 'value': 'redemption_rate'},
        {'metric': 'stickiness', 'stage': 'loyalty', 'mart': 'kpi_loyalty',
            'numerator': 'active_days', 'denominator': 'active_customers', 'value': 'mean_active_days'},
        {'metric': 'net_promoter_score', 'stage': 'advocacy', 'mart': 'kpi_feedback',
            'numerator': '100 * (promoters - detractors)', 'denominator': 'answers',
            'value': 'net_promoter_score'},
        {'metric': 'referral_rate', 'stage': 'advocacy', 'mart': 'kpi_advocacy',
            'numerator': 'referrers', 'denominator': 'buyers', 'value': 'referral_rate'},
        {'metric': 'referred_value', 'stage': 'advocacy', 'mart': 'kpi_advocacy',
            'numerator': 'referred_net_amount', 'value': 'referred_net_amount'},
        {'metric': 'complaint_rate', 'stage': 'decline', 'mart': 'kpi_service',
            'numerator': 'complaints', 'denominator': 'said_tickets', 'value': 'complaint_rate'},
        {'metric': 'closed_loop_rate', 'stage': 'decline', 'mart': 'kpi_feedback',
            'is_over': 'is_month_complete and (closed_loop_rate is not null or closed_loops is null'
                ~ ' or low_answers = 0)',
            'numerator': 'closed_loops', 'denominator': 'low_answers', 'value': 'closed_loop_rate'},
        {'metric': 'rescue_rate', 'stage': 'decline', 'mart': 'kpi_winback', 'where': "stage = 'decline'",
            'is_over': 'rescue_rate is not null',
            'numerator': 'saved_entries', 'denominator': 'entries', 'value': 'rescue_rate'},
        {'metric': 'churn_rate', 'stage': 'churn', 'mart': 'kpi_customers',
            'numerator': 'churn_entries', 'denominator': 'unchurned_at_start', 'value': 'churn_rate'},
        {'metric': 'return_rate', 'stage': 'winback', 'mart': 'kpi_winback', 'where': "stage = 'churn'",
            'is_over': 'is_month_complete and (return_rate is not null or contacted_entries is null'
                ~ ' or contacted_entries = 0)',
            'numerator': 'returned_in_window_entries', 'denominator': 'contacted_entries',
            'value': 'return_rate'},
    ]) }}
{% endmacro %}

{#- The metrics of all months as a query: numerator, denominator and what the mart itself says of a month. -#}
{% macro measured_metrics() -%}
    {% for entry in scorecard_metrics() -%}
    {%- set mart = scorecard_mart(entry.mart) -%}
    select
        '{{ entry.metric }}' as metric,
        '{{ entry.stage }}' as stage,
        {{ mart.month }} as month_start_on,
        min(case when {{ entry.is_over or mart.is_over }} then 1 else 0 end) = 1 as is_mature,
        cast(sum({{ entry.numerator }}) as decimal(28, 6)) as numerator,
        cast(
            {%- if entry.denominator %} sum(case when {{ entry.numerator }} is not null then {{ entry.denominator }} end)
            {%- else %} null {%- endif %} as decimal(28, 6)
        ) as denominator,
        cast({{ 'sum(' ~ entry.value ~ ')' if entry.is_whole else 'null' }} as decimal(28, 6)) as published,
        {{ 'true' if entry.denominator else 'false' }} as is_divided
    from {{ ref(entry.mart) }}
    where {{ mart.where }} and {{ entry.where or '1 = 1' }}
    group by {{ mart.month }}
    {% if not loop.last %}
    union all

    {% endif -%}
    {%- endfor %}
{%- endmacro %}

{#-
    The same by another way, for the test: what the mart publishes of its rows, weighed by their denominators.
    A row that publishes nothing though it has a denominator (spend that won nobody) counts with its
    numerator.
-#}
{% macro published_metrics() -%}
    {% for entry in scorecard_metrics() -%}
    {%- set mart = scorecard_mart(entry.mart) -%}
    select
        '{{ entry.metric }}' as metric,
        '{{ entry.stage }}' as stage,
        {{ mart.month }} as month_start_on,
        {%- if entry.denominator and not entry.is_whole %}
        sum(coalesce(
            cast({{ entry.value }} as {{ type_double() }}) * {{ entry.weight or entry.denominator }}, {{ entry.numerator }}
        ))
        / nullif(
            cast(sum(case when {{ entry.numerator }} is not null then {{ entry.denominator }} end)
                as {{ type_double() }}), 0
        ) as published
        {%- else %}
        cast(sum({{ entry.value }}) as {{ type_double() }}) as published
        {%- endif %}
    from {{ ref(entry.mart) }}
    where {{ mart.where }} and {{ entry.where or '1 = 1' }}
    group by {{ mart.month }}
    having min(case when {{ entry.is_over or mart.is_over }} then 1 else 0 end) = 1
    {% if not loop.last %}
    union all

    {% endif -%}
    {%- endfor %}
{%- endmacro %}

{#- For the test of kpi_targets: the clause that a metric is measured, and queries for those without a row. -#}
{% macro must_be_measured() %}
    {%- set measured = [] -%}
    {%- for entry in scorecard_metrics() -%}
        {%- do measured.append("metric = '" ~ entry.metric ~ "' and stage = '" ~ entry.stage ~ "'") -%}
    {%- endfor -%}
    {{ return((
        'not (' ~ measured | join(' or ') ~ ')',
        'no KPI mart measures it for this stage: remove the row, or say where in macros/rules/scorecard.sql',
    )) }}
{% endmacro %}

{% macro missing_metrics() %}
    {%- set queries = [] -%}
    {%- for entry in scorecard_metrics() -%}
        {%- do queries.extend(missing_rows('kpi_targets', 'metric', [entry.metric], 'stage', entry.stage)) -%}
    {%- endfor -%}
    {{ return(queries) }}
{% endmacro %}

{#- The stages of prospects as a list of SQL. -#}
{% macro prospects() -%}
    {{ return("('" ~ vocabulary('prospect_stage') | join("', '") ~ "')") }}
{%- endmacro %}

{#- What says which month a row of a KPI mart is of, that it is one of a month, and that the month is over. -#}
{% macro scorecard_mart(mart) %}
    {{ return({
        'kpi_customers': {
            'month': 'period_start_on', 'where': "period_kind = 'month'", 'is_over': 'is_period_complete',
        },
        'kpi_repeat_orders': {'month': 'cohort_month_on', 'where': '1 = 1', 'is_over': 'is_mature'},
    }.get(mart, {'month': 'month_start_on', 'where': '1 = 1', 'is_over': 'is_month_complete'})) }}
{% endmacro %}
