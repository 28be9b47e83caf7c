with

campaigns as (

    select * from {{ ref('dim_campaigns') }}

),

segments as (

    select
        campaign_id,
        {%- for name in campaign_counts() + campaign_amounts() %}
        sum({{ name }}) as {{ name }},
        {%- endfor %}
        min(case when is_window_over then 1 else 0 end) as is_window_over
    from {{ ref('kpi_campaign_segments') }}
    group by campaign_id

),

spend as (

    select
        campaign_id,
        sum(spend_amount) as spend_amount
    from {{ ref('int_marketing_spend') }}
    where campaign_id is not null
    group by campaign_id

),

holdouts as (

    select * from {{ ref('campaign_holdouts') }}

),

-- What a loss ended in belongs to the campaign that first went after it.
returns as (

    select
        contact_campaign_id as campaign_id,
        count(*) as contacted_losses,
        sum(case when is_saved_in_window then 1 else 0 end) as returned_losses,
        count(is_saved_in_window) as judged_losses,
        sum(case when is_saved_in_window then later_net_amount else 0 end) as returned_net_amount
    from {{ ref('winback_attempts') }}
    where contact_campaign_id is not null
    group by contact_campaign_id

),

totals as (

    select
        campaigns.campaign_id,
        campaigns.campaign_name,
        campaigns.objective,
        campaigns.channel,
        campaigns.offer_type,
        campaigns.category,
        campaigns.starts_at,
        campaigns.ends_at,
        coalesce(segments.is_window_over = 1, campaigns.ends_at <= as_of.as_of, false) as is_window_over,
        {%- for name in campaign_counts() %}
        cast(coalesce(segments.{{ name }}, 0) as {{ dbt.type_bigint() }}) as {{ name }},
        {%- endfor %}
        {%- for name in campaign_amounts() %}
        {{ to_total('coalesce(segments.' ~ name ~ ', 0)') }} as {{ name }},
        {%- endfor %}
        {{ to_total('spend.spend_amount') }} as spend_amount,
        {{ to_total('coalesce(spend.spend_amount, 0) + coalesce(segments.contact_cost_amount, 0)') }} as cost_amount
    from campaigns
    cross join {{ ref('int_as_of') }} as as_of
    left join segments
        on campaigns.campaign_id = segments.campaign_id
    left join spend
        on campaigns.campaign_id = spend.campaign_id

),

judged as (

    select
        *,
        {{ known_margin('margin_amount', 'costed_net_amount', 'net_amount') }} as known_margin_amount,
        {{- campaign_rates() }}
    from totals

),

described as (

    select
        judged.campaign_id,
        judged.campaign_name,
        judged.objective,
        judged.channel,
        judged.offer_type,
        judged.category,
        judged.starts_at,
        judged.ends_at,
        judged.is_window_over,
        {%- for name in campaign_counts() %}
        judged.{{ name }},
        {%- endfor %}
        judged.response_rate,
        judged.conversion_rate,
        judged.unsubscribe_rate,
        judged.complaint_rate,
        judged.window_net_amount,
        judged.net_amount,
        judged.discount_amount,
        judged.known_margin_amount as margin_amount,
        judged.spend_amount,
        judged.contact_cost_amount,
        judged.cost_amount,
        case when judged.is_window_over then {{ rate('judged.net_amount', 'judged.cost_amount') }} end
            as revenue_to_cost_ratio,
        case
            when judged.is_window_over
                then {{ rate('judged.known_margin_amount - judged.cost_amount', 'judged.cost_amount') }}
        end as roi_ratio,
        holdouts.experiment_id as holdout_experiment_id,
        {%- for name in [
            'treated_customers', 'withheld_customers', 'contacted_withheld_customers', 'treated_converted_customers',
            'withheld_converted_customers', 'treated_conversion_rate', 'withheld_conversion_rate',
            'conversion_difference', 'conversion_difference_low', 'conversion_difference_high',
            'incremental_net_amount',
        ] %}
        holdouts.{{ name }} as holdout_{{ name }},
        {%- endfor %}
        cast(coalesce(returns.contacted_losses, 0) as {{ dbt.type_bigint() }}) as contacted_losses,
        cast(coalesce(returns.returned_losses, 0) as {{ dbt.type_bigint() }}) as returned_losses,
        case
            when returns.judged_losses = returns.contacted_losses
                then {{ rate('returns.returned_losses', 'returns.contacted_losses') }}
        end as return_rate,
        {{ to_total('coalesce(returns.returned_net_amount, 0)') }} as returned_net_amount
    from judged
    left join holdouts
        on judged.campaign_id = holdouts.campaign_id
    left join returns
        on judged.campaign_id = returns.campaign_id

)

select * from described
