{%- set horizons = value_horizons() -%}
with

parameters as (

    select
        customer_type,
        cut_off,
        is_degenerate,
        {{ as_doubles(['r', 'alpha', 'a', 'b', 'p', 'q', 'v']) }}
    from {{ ref('int_value_parameters') }}
    where is_in_force

),

expected as (

    select
        {%- for days in horizons %}
        {{ as_doubles(['expected_orders_' ~ days, 'discounted_orders_' ~ days]) }},
        {%- endfor %}
        customer_type,
        repeat_purchase_days,
        age_days
    from {{ ref('int_expected_orders') }}

),

scored as (

    select
        buyers.*,
        parameters.cut_off as parameters_cut_off,
        parameters.is_degenerate as is_fit_degenerate,
        parameters.r,
        parameters.alpha,
        {%- for days in horizons %}
        expected.expected_orders_{{ days }},
        expected.discounted_orders_{{ days }},
        {%- endfor %}
        case
            when parameters.cut_off is not null
                then {{ alive_probability(
                    'buyers.repeat_purchase_days', 'buyers.first_to_last_days', 'buyers.age_days'
                ) }}
        end as alive,
        {{ mean_purchase_value('buyers.valued_repeat_days', 'buyers.repeat_amount') }} as mean_value
    from {{ ref('int_buyers_at_as_of') }} as buyers
    left join parameters
        on buyers.customer_type = parameters.customer_type
    left join expected
        on
            buyers.customer_type = expected.customer_type
            and buyers.repeat_purchase_days = expected.repeat_purchase_days
            and buyers.age_days = expected.age_days

),

-- The day by which one more order is as likely as none; there is none when the customer has left.
timed as (

    select
        *,
        case
            when alive > 0.5
                then (alpha + age_days) * ({{ bounded_exp('-ln(1 - 0.5 / alive) / (r + repeat_purchase_days)') }} - 1)
        end as days_to_next_order
    from scored

),

predicted as (

    select
        *,
        {%- for days in horizons %}
        {{ double_to_money('alive * expected_orders_' ~ days ~ ' * mean_value') }} as expected_net_{{ days }},
        {%- endfor %}
        case
            when days_to_next_order <= {{ horizons[-1] }}
                then cast(floor(days_to_next_order) + 1 as {{ dbt.type_int() }})
        end as whole_days_to_next_order
    from timed

),

-- By predicted value, where there is a fit, else by what was bought so far.
ranked as (

    select
        *,
        count(*) over (partition by customer_type) as customers,
        rank() over (
            partition by customer_type order by coalesce(expected_net_{{ horizons[-1] }}, net_amount) desc
        ) as place
    from predicted

),

described as (

    select
        ranked.customer_id,
        ranked.customer_type,
        ranked.first_purchase_on,
        ranked.last_purchase_on,
        ranked.orders,
        ranked.orders_without_value,
        cast(ranked.repeat_purchase_days + 1 as {{ dbt.type_bigint() }}) as purchase_days,
        ranked.repeat_purchase_days,
        ranked.first_to_last_days,
        ranked.age_days,
        ranked.recency_days,
        ranked.net_amount as historic_net_amount,
        {{ as_total('ranked.margin_amount') }} as historic_margin_amount,
        {{ double_to_money('ranked.repeat_amount / nullif(ranked.valued_repeat_days, 0)') }} as mean_repeat_day_amount,
        ranked.margin_rate,
        ranked.parameters_cut_off,
        ranked.is_fit_degenerate,
        {{ double_to_money('ranked.mean_value') }} as expected_order_amount,
        cast(ranked.alive as decimal(18, 6)) as alive_probability,
        {%- for days in horizons %}
        cast(
            1 - ranked.alive * (1 - {{ silent_probability('repeat_purchase_days', 'age_days', days) }})
            as decimal(18, 6)
        ) as no_order_within_{{ days }}_days_probability,
        cast(ranked.alive * ranked.expected_orders_{{ days }} as decimal(18, 6))
            as expected_orders_within_{{ days }}_days,
        ranked.expected_net_{{ days }} as expected_net_{{ days }}_days_amount,
        {{ double_to_money('cast(ranked.expected_net_' ~ days ~ ' as ' ~ type_double() ~ ') * ranked.margin_rate') }}
            as expected_margin_{{ days }}_days_amount,
        {{ double_to_money('ranked.alive * ranked.discounted_orders_' ~ days ~ ' * ranked.mean_value') }}
            as discounted_net_{{ days }}_days_amount,
        {%- endfor %}
        {{ add_days_to_date('ranked.as_of_on', 'ranked.whole_days_to_next_order') }} as expected_next_order_on,
        tiers.value_tier,
        case when ranked.expected_net_{{ horizons[-1] }} is null then 'historic' else 'predicted' end
            as value_tier_basis
    from ranked
    left join {{ ref('value_tiers') }} as tiers
        on
            ranked.customer_type = tiers.customer_type
            and ranked.place - 1 >= tiers.from_share * ranked.customers
            and ranked.place - 1 < tiers.to_share * ranked.customers

)

select * from described
