{%- set models = path_models() + ['markov'] -%}
with

channels as (

    select
        channel,
        {{ var('attribution_by') }} as attributed_channel
    from {{ ref('channels') }}

),

months as (

    select
        month_start_on,
        is_month_complete
    from {{ ref('dim_dates') }}
    group by month_start_on, is_month_complete

),

-- New customers are what acquisition is spent on, repeat orders what the other objectives are.
spend as (

    select
        spend.month_start_on,
        channels.attributed_channel as channel,
        case when spend.objective = 'acquisition' then 'new' else 'repeat' end as conversion_kind,
        sum(spend.spend_amount) as spend_amount
    from {{ ref('int_marketing_spend') }} as spend
    inner join channels
        on spend.channel = channels.channel
    where spend.objective <> 'unknown'
    group by
        spend.month_start_on,
        channels.attributed_channel,
        case when spend.objective = 'acquisition' then 'new' else 'repeat' end

),

spend_bounds as (

    select
        min(month_start_on) as first_month_on,
        max(month_start_on) as last_month_on
    from {{ ref('int_marketing_spend') }}

),

models as (
    {% for model in models %}
    select '{{ model }}' as attribution_model
    {{- '\n\n    union all\n' if not loop.last }}
    {%- endfor %}

),

-- Every model is held against the same spend.
sides as (

    select
        month_start_on,
        conversion_kind,
        attribution_model,
        channel,
        conversions,
        revenue_amount,
        0 as spend_amount
    from {{ ref('attribution_credits') }}

    union all

    select
        spend.month_start_on,
        spend.conversion_kind,
        models.attribution_model,
        spend.channel,
        0 as conversions,
        0 as revenue_amount,
        spend.spend_amount
    from spend
    cross join models

),

joined as (

    select
        month_start_on,
        conversion_kind,
        attribution_model,
        channel,
        sum(conversions) as conversions,
        sum(revenue_amount) as revenue_amount,
        sum(spend_amount) as spend_amount
    from sides
    group by month_start_on, conversion_kind, attribution_model, channel

),

dated as (

    select
        joined.*,
        months.is_month_complete,
        coalesce(joined.month_start_on between spend_bounds.first_month_on and spend_bounds.last_month_on, false)
            as is_spend_known
    from joined
    inner join months
        on joined.month_start_on = months.month_start_on
    cross join spend_bounds

),

described as (

    select
        month_start_on,
        conversion_kind,
        attribution_model,
        channel,
        is_month_complete,
        cast(conversions as decimal(28, 6)) as conversions,
        {{ to_total('revenue_amount') }} as revenue_amount,
        {{ to_total('case when is_spend_known then spend_amount end') }} as spend_amount,
        {{ to_total(
            'case when is_month_complete and is_spend_known'
            ~ ' then cast(spend_amount as ' ~ type_double() ~ ') / cast(nullif(conversions, 0) as ' ~ type_double() ~ ') end'
        ) }} as cost_per_conversion_amount,
        {{ rate('case when is_month_complete and is_spend_known then revenue_amount end', 'spend_amount') }}
            as return_on_spend_ratio
    from dated

)

select * from described
