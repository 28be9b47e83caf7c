{#- What contradicts itself in a row of `segment_rules`: clauses for `seed_problems`. -#}
{% macro segment_rule_clauses() %}
    {%- set clauses = [
        must_not_be_empty('segment'),
        (
            "segment = 'prospect'",
            "prospect is for those who have not bought, and the rules are for buyers: write another segment",
        ),
    ] -%}
    {{ return(clauses + contradictory_bounds()) }}
{% endmacro %}

{#- A lower bound above the upper one. Windows of recency are half-open, so equal bounds hold nobody. -#}
{% macro contradictory_bounds() %}
    {%- set clauses = [] -%}
    {%- for measure, comparison, sentence in [
        ('orders', '>', 'must not be larger than'),
        ('high_value_orders', '>', 'must not be larger than'),
        ('relative_value', '>', 'must not be larger than'),
        ('units', '>', 'must not be larger than'),
        ('recency_days', '>=', 'must be smaller than'),
        ('high_value_recency_days', '>=', 'must be smaller than'),
    ] -%}
        {%- set lower, upper = 'min_' ~ measure, 'max_' ~ measure -%}
        {%- do clauses.append((
            lower ~ ' ' ~ comparison ~ ' ' ~ upper,
            lower ~ ' {' ~ lower ~ '} ' ~ sentence ~ ' ' ~ upper ~ ' {' ~ upper ~ '}',
        )) -%}
    {%- endfor -%}
    {{ return(clauses) }}
{% endmacro %}

{#-
    The rules of `segment_rules` tried on buyers, as CTEs for `seed_problems`.

    Whether a rule matches changes only at its bounds. So buyers just on either side of every bound,
    in every combination that a buyer can have, stand for all buyers; the rules are tried on them
    with the macro that the models use. Recency is counted in seconds, pieces and value in
    ten-thousandths; a buyer has at least one order, no more orders of high value than orders, and
    none of these after the last order.
-#}
{% macro segment_rule_trials() -%}
{#- Values on either side of each bound: for a lower bound it and the one below, for an upper one it and the one above. -#}
{%- set steps = {'orders': '1', 'high_value_orders': '1', 'units': '0.0001', 'relative_value': '0.0001'} -%}
{%- set lowest = {'orders': '1', 'high_value_orders': '0', 'units': '0', 'relative_value': '0.0001'} -%}

rules as (

    select
        *,
        coalesce({{ contradictory_bounds() | map(attribute=0) | join(' or ') }}, false) as is_contradictory
    from {{ ref('segment_rules') }}
    where priority is not null

),

{% for measure, step in steps.items() -%}
every_{{ measure }} as (

    select {{ lowest[measure] }} as {{ measure }}
    {%- for bound, beyond in [('min_', '- '), ('max_', '+ ')] %}
    union
    select {{ bound }}{{ measure }} from rules
    where {{ bound }}{{ measure }} >= {{ lowest[measure] }}
    union
    select {{ bound }}{{ measure }} {{ beyond }}{{ step }} from rules
    where {{ bound }}{{ measure }} {{ beyond }}{{ step }} >= {{ lowest[measure] }}
    {%- endfor %}

),

{% endfor -%}
{% for measure in ['recency', 'high_value_recency'] -%}
every_{{ measure }} as (

    select 0 as days, 0 as seconds
    {%- for bound in ['min_', 'max_'] %}
    union
    select {{ bound }}{{ measure }}_days as days, 0 as seconds from rules
    where {{ bound }}{{ measure }}_days >= 0
    union
    select {{ bound }}{{ measure }}_days as days, 1 as seconds from rules
    where {{ bound }}{{ measure }}_days > 0
    {%- endfor %}

),

{% endfor -%}
-- `seconds` is 1 just before the day is full.
buyers as (

    select
        orders.orders as moment_number,
        high_value_orders.high_value_orders as high_value_moments,
        units.units as total_units,
        relative_value.relative_value as total_net_amount,
        cast(1 as decimal(18, 4)) as mean_customer_value,
        recency.days,
        recency.seconds,
        high_value_recency.days as high_value_days,
        high_value_recency.seconds as high_value_seconds,
        cast('2000-01-01' as {{ dbt.type_timestamp() }}) as happens_at,
        {{ add_days("cast('2000-01-01' as " ~ dbt.type_timestamp() ~ ")", '- recency.days') }}
            + recency.seconds * interval '1' second as purchased_at,
        {{ add_days("cast('2000-01-01' as " ~ dbt.type_timestamp() ~ ")", '- high_value_recency.days') }}
            + high_value_recency.seconds * interval '1' second as high_value_at
    from every_orders as orders
    inner join every_high_value_orders as high_value_orders
        on orders.orders >= high_value_orders.high_value_orders
    cross join every_units as units
    cross join every_relative_value as relative_value
    cross join every_recency as recency
    -- Nothing without an order of high value; the last order itself; or, if there are others, an earlier one.
    left join (
        select days, seconds from every_high_value_recency
        union
        select days, seconds from every_recency
    ) as high_value_recency
        on
            high_value_orders.high_value_orders > 0
            and (
                (high_value_recency.days = recency.days and high_value_recency.seconds = recency.seconds)
                or (
                    orders.orders > high_value_orders.high_value_orders
                    and high_value_recency.days * 86400 - high_value_recency.seconds
                    > recency.days * 86400 - recency.seconds
                )
            )

),

numbered as (

    select
        *,
        row_number() over (
            order by
                moment_number, high_value_moments, days, seconds desc, high_value_days, high_value_seconds,
                total_net_amount, total_units
        ) as buyer_number
    from buyers

),

judged as (

    select
        measured.*,
        rules.priority,
        rules.segment,
        rules.is_contradictory,
        case when {{ segment_rule_matches('rules', 'measured', 'measured.happens_at') }} then 1 else 0 end as is_match
    from numbered as measured
    left join rules
        on 1 = 1

),

decided as (

    select
        *,
        min(case when is_match = 1 then priority end) over (partition by buyer_number) as deciding_priority
    from judged

),

buyers_without_rule as (

    select
        *,
        row_number() over (order by buyer_number, priority) as place
    from decided
    where deciding_priority is null

),

holes as (

    select
        'segment_rules.csv: a buyer with ' || {{ number_as_text('moment_number') }}
        || case when moment_number = 1 then ' order, ' else ' orders, ' end
        || {{ number_as_text('high_value_moments') }} || ' of them of high value, '
        || {{ number_as_text('total_net_amount') }} || ' times the mean customer value, '
        || {{ number_as_text('total_units') }} || ' pieces, the last order '
        || case when seconds = 1 then 'just under ' else '' end || {{ number_as_text('days') }} || ' days ago'
        || case
            when high_value_days is null then ''
            else ', the last of high value ' || case when high_value_seconds = 1 then 'just under ' else '' end
                || {{ number_as_text('high_value_days') }} || ' days ago'
        end
        || ', has no rule: add a last rule without conditions.' as problem
    from buyers_without_rule
    where place = 1

),

impossible_rules as (

    select
        'segment_rules.csv, priority ' || {{ number_as_text('priority') }} || ' (' || coalesce(segment, '')
        || '): no buyer can fulfil all of its bounds at once: widen one of them, or remove the rule.' as problem
    from judged
    where priority is not null and not is_contradictory
    group by priority, segment
    having sum(is_match) = 0

),

-- Who takes the buyers that a rule matches.
takers as (

    select
        priority,
        deciding_priority,
        count(*) as taken_buyers
    from decided
    where is_match = 1
    group by priority, deciding_priority

),

ranked_takers as (

    select
        *,
        max(case when deciding_priority = priority then 1 else 0 end) over (partition by priority) as has_own,
        row_number() over (partition by priority order by taken_buyers desc, deciding_priority) as place
    from takers

),

shadowed_rules as (

    select
        'segment_rules.csv, priority ' || {{ number_as_text('shadowed.priority') }} || ' ('
        || coalesce(shadowed.segment, '') || '): it never decides, as earlier rules take every buyer it matches, '
        || 'most of all priority ' || {{ number_as_text('earlier.priority') }} || ' (' || coalesce(earlier.segment, '')
        || '): put it before that rule, narrow that rule, or remove this one.' as problem
    from ranked_takers
    inner join rules as shadowed
        on ranked_takers.priority = shadowed.priority
    inner join rules as earlier
        on ranked_takers.deciding_priority = earlier.priority
    where ranked_takers.place = 1 and ranked_takers.has_own = 0

)
{%- endmacro %}

{#- A buyer whom no rule matches, and rules that never decide: queries for `seed_problems` over the trials. -#}
{% macro segment_rule_queries() %}
    {{ return([
        'select problem from holes',
        'select problem from impossible_rules',
        'select problem from shadowed_rules',
    ]) }}
{% endmacro %}

{#- A number as a person writes it, without the zeros at its end. -#}
{% macro number_as_text(expression) -%}
    trim(replace(cast(cast({{ expression }} as {{ type_double() }}) as {{ dbt.type_string() }}) || ' ', '.0 ', ''))
{%- endmacro %}

{#- Segments that have no rule, and rules that lead to no segment, as a test: both seeds have to be read. -#}
{% macro segment_name_problems() %}
{%- set problems %}
with

rules as (

    select * from {{ ref('segment_rules') }}

),

segments as (

    select * from {{ ref('segments') }}

),

known as (

    select {{ ordered_list('segment') }} as words from segments
    where segment <> 'prospect'

),

problems as (

    select
        'segment_rules.csv, priority ' || cast(rules.priority as {{ dbt.type_string() }}) || ': there is no segment '
        || rules.segment || ' in segments.csv: write one of ' || replace(known.words, ',', ', ') || ', or add it there.' as problem
    from rules
    cross join known
    left join segments
        on rules.segment = segments.segment
    where rules.segment is not null and segments.segment is null

    union all

    select
        'segments.csv, ' || segments.segment || ': no rule in segment_rules.csv leads to it: add one, or remove the segment.'
            as problem
    from segments
    left join rules
        on segments.segment = rules.segment
    where segments.segment <> 'prospect' and rules.segment is null

)

select problem from problems
{%- endset -%}

{{ said_problems(problems, {'segment_rules': ref('segment_rules'), 'segments': ref('segments')}) }}
{% endmacro %}
