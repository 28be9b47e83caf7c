{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'buyers']]
) }}

{#- No rule leads to a segment without a name: the test of that comes before this model. -#}
{%- if not execute %}{% do ref('segments') %}{% endif -%}
with

moments as (

    select * from {{ ref('int_purchase_moments') }}
    where {{ touched() }}

),

rules as (

    select * from {{ ref('segment_rules') }}

),

means as (

    select
        customer_type,
        max(case when parameter = 'mean_order_value' then value end) as mean_order_value,
        {{ to_money("max(case when parameter = 'mean_customer_value' then value end)") }} as mean_customer_value
    from {{ ref('int_parameters') }}
    group by customer_type

),

weighed as (

    select
        moments.*,
        means.mean_customer_value,
        case
            when
                moments.net_amount
                >= {{ var('high_value_factor') }} * cast(means.mean_order_value as decimal(28, 4))
                then 1
            else 0
        end as is_high_value
    from moments
    left join means
        on moments.customer_type = means.customer_type

),

measured as (

    select
        customer_id,
        moment_number,
        order_id,
        total_net_amount,
        total_units,
        mean_customer_value,
        purchased_at,
        next_purchased_at,
        sum(is_high_value) over life as high_value_moments,
        max(case when is_high_value = 1 then purchased_at end) over life as high_value_at
    from weighed
    window life as (
        partition by customer_id order by moment_number
        rows between unbounded preceding and current row
    )

),

-- The ages at which a rule begins or ceases to match.
ages as (

    select
        'order' as counted_from,
        min_recency_days as age_days
    from rules
    where min_recency_days is not null
    union
    select
        'order' as counted_from,
        max_recency_days as age_days
    from rules
    where max_recency_days is not null
    union
    select
        'high_value_order' as counted_from,
        min_high_value_recency_days as age_days
    from rules
    where min_high_value_recency_days is not null
    union
    select
        'high_value_order' as counted_from,
        max_high_value_recency_days as age_days
    from rules
    where max_high_value_recency_days is not null

),

instants as (

    select
        customer_id,
        moment_number,
        purchased_at as happens_at
    from measured

    union

    select
        measured.customer_id,
        measured.moment_number,
        {{ add_days('measured.purchased_at', 'ages.age_days') }} as happens_at
    from measured
    inner join ages
        on
            ages.counted_from = 'order'
            and (
                measured.next_purchased_at is null
                or {{ add_days('measured.purchased_at', 'ages.age_days') }} < measured.next_purchased_at
            )

    union

    select
        measured.customer_id,
        measured.moment_number,
        {{ add_days('measured.high_value_at', 'ages.age_days') }} as happens_at
    from measured
    inner join ages
        on
            ages.counted_from = 'high_value_order'
            and {{ add_days('measured.high_value_at', 'ages.age_days') }} > measured.purchased_at
            and (
                measured.next_purchased_at is null
                or {{ add_days('measured.high_value_at', 'ages.age_days') }} < measured.next_purchased_at
            )

),

-- Windows are half-open: "at most 40 days" ends 40 times 24 hours after the order.
matched as (

    select
        instants.customer_id,
        instants.moment_number,
        instants.happens_at,
        max(measured.high_value_moments) as high_value_moments,
        max(measured.high_value_at) as high_value_at,
        min(case when {{ segment_rule_matches('rules', 'measured', 'instants.happens_at') }} then rules.priority end)
            as priority
    from instants
    inner join measured
        on
            instants.customer_id = measured.customer_id
            and instants.moment_number = measured.moment_number
    cross join rules
    group by instants.customer_id, instants.moment_number, instants.happens_at

),

named as (

    select
        matched.customer_id,
        matched.happens_at as entered_at,
        rules.segment,
        matched.priority,
        matched.moment_number,
        cast(matched.high_value_moments as {{ dbt.type_bigint() }}) as high_value_moments,
        matched.high_value_at
    from matched
    left join rules
        on matched.priority = rules.priority

)

select * from named
