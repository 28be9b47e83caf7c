{#- The clauses that the actions of every playbook keep, before its `own`. -#}
{% macro action_clauses(own, has_priority=true) %}
    {%- set clauses = [
        must_not_be_empty('action_code'),
        must_not_be_empty('name_en'),
        must_not_be_empty('name_zh'),
        one_of('offer_type', vocabulary('offer_type')),
    ] -%}
    {{ return(clauses + ([must_not_be_empty('priority')] if has_priority else []) + own) }}
{% endmacro %}

{#- What playbooks, audiences and channels say of each other and is not so, as a test. -#}
{% macro activation_problems() %}
{%- set named = [
    ('segment_playbook', 'segment', 'segments', 'segment'),
    ('audience_rules', 'segment', 'segments', 'segment'),
    ('segment_playbook', 'channel', 'contact_channels', 'channel'),
    ('stage_playbook', 'channel', 'contact_channels', 'channel'),
    ('winback_plans', 'channel', 'contact_channels', 'channel'),
    ('audience_rules', 'channel', 'contact_channels', 'channel'),
    ('contact_channels', 'channel', 'channels', 'channel'),
] -%}
{%- set playbooks = ['segment_playbook', 'stage_playbook', 'winback_plans'] -%}
{%- set problems %}
with

actions as (

    {% for playbook in playbooks -%}
    select
        '{{ playbook }}' as playbook,
        action_code,
        name_en,
        name_zh,
        offer_type
    from {{ ref(playbook) }}
    {%- if playbook == 'stage_playbook' %}
    where is_addressed
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

meanings as (

    select
        action_code,
        min(playbook) as playbook,
        count(distinct name_en) as names_en,
        count(distinct name_zh) as names_zh,
        count(distinct offer_type) as offers,
        max(case when offer_type = 'service' then 1 else 0 end) = 1 as is_service
    from actions
    group by action_code

),

problems as (

    {% for seed, column, other, other_column in named -%}
    select distinct
        '{{ seed }}.csv: there is no {{ column }} ' || rows_of.{{ column }} || ' in {{ other }}.csv: write one of those, or add it there.' as problem
    from {{ ref(seed) }} as rows_of
    left join {{ ref(other) }} as others
        on rows_of.{{ column }} = others.{{ other_column }}
    where rows_of.{{ column }} is not null and others.{{ other_column }} is null

    union all

    {% endfor -%}
    select
        meanings.playbook || '.csv: the action ' || meanings.action_code
        || ' has more than one name or offer: write the same in all playbooks, or give them other codes.' as problem
    from meanings
    where meanings.names_en > 1 or meanings.names_zh > 1 or meanings.offers > 1

    union all

    select
        'audience_rules.csv, ' || rules.audience || ': no playbook has the action ' || rules.action_code
        || ' for a single customer: write one of theirs, or add it there.' as problem
    from {{ ref('audience_rules') }} as rules
    left join meanings
        on rules.action_code = meanings.action_code
    where meanings.action_code is null

    union all

    select
        'audience_rules.csv, ' || rules.audience || ': the action ' || rules.action_code
        || ' is a service, which answers who asks: write one that is advertised.' as problem
    from {{ ref('audience_rules') }} as rules
    inner join meanings
        on rules.action_code = meanings.action_code
    where meanings.is_service

)

select problem from problems
{%- endset -%}

{%- set seeds = {} -%}
{%- for name in playbooks + ['audience_rules', 'contact_channels', 'channels', 'segments'] -%}
    {%- do seeds.update({name: ref(name)}) -%}
{%- endfor -%}
{{ said_problems(problems, seeds) }}
{% endmacro %}

{#- A one-way fingerprint of customer and audience: whoever knows the id alone cannot tell who is held out. -#}
{% macro split_hash(customer_id, audience) -%}
    {{ return(adapter.dispatch('sha256', 'customer_lifecycle')(
        "'" ~ env_var('LIFECYCLE_PII_SALT', 'lifecycle') ~ "holdout:' || " ~ audience ~ " || ':' || " ~ customer_id
    )) }}
{%- endmacro %}

{#-
    A share from 0 on and below 1 from a hash in hexadecimal digits: its first eight, each by its place
    among them, as no two engines share a function for it.
-#}
{% macro share_of_hash(hash) -%}
    cast((
        {%- for place in range(1, 9) %}
        {{ '+ ' if not loop.first }}cast(position(substring({{ hash }}, {{ place }}, 1) in '0123456789abcdef') - 1 as {{ dbt.type_bigint() }}) * {{ 16 ** (8 - place) }}
        {%- endfor %}
    ) as {{ type_double() }}) / {{ 16 ** 8 }}
{%- endmacro %}

{#- Effort as a number, so that one level can be asked for at least: 1 low, 2 standard, 3 high. -#}
{% macro effort_place(effort_level) -%}
    case {{ effort_level }} when 'low' then 1 when 'standard' then 2 when 'high' then 3 end
{%- endmacro %}

{#- A number of days in words: 1 day, 5 days. -#}
{% macro days_in_words(days) -%}
    cast({{ days }} as {{ dbt.type_string() }}) || case when {{ days }} = 1 then ' day' else ' days' end
{%- endmacro %}

{#- Why a customer is in an audience: the first of what its rule asks for, with the customer's own days. -#}
{% macro audience_reason() -%}
    {%- set until = dbt.datediff('as_of.as_of_on', business_date('chosen.next_stage_at'), 'day') -%}
    {%- set in_stage = dbt.datediff(business_date('chosen.stage_since_at'), 'as_of.as_of_on', 'day') -%}
    {%- set in_segment = dbt.datediff(business_date('chosen.segment_since_at'), 'as_of.as_of_on', 'day') -%}
    case
            when chosen.next_stage is not null
                then 'will enter ' || chosen.next_stage || ' in ' || {{ days_in_words(until) }}
            when chosen.stage is not null
                then 'in ' || chosen.stage || ' for ' || {{ days_in_words(in_stage) }}
            when chosen.segment is not null
                then 'in the segment ' || chosen.segment || ' for ' || {{ days_in_words(in_segment) }}
            else 'in ' || chosen.current_stage || ' for ' || {{ days_in_words(in_stage) }}
        end
{%- endmacro %}

{#-
    What an action earned in experiments, as the factor by which it comes before one of which nothing is
    known: 1 and what is certain of its relative lift. Where the interval holds 0 it stays 1.
-#}
{% macro weight_of_evidence(low, high, base) -%}
    {%- set certain = 'case when ' ~ low ~ ' > 0 then ' ~ low ~ ' when ' ~ high ~ ' < 0 then ' ~ high ~ ' else 0 end' -%}
    {#- greatest() passes over NULL, which stands for no order at all. -#}
    cast(greatest(0, 1 + coalesce({{ rate(certain, base) }}, 0)) as decimal(18, 6))
{%- endmacro %}

{#- The figures of one experiment with a hold-out, as int_holdout_results has them. -#}
{% macro holdout_columns() -%}
    treated_customers,
        treated_converted,
        treated_mean,
        treated_variance,
        control_customers,
        control_converted,
        control_mean,
        control_variance
{%- endmacro %}
