with

spend as (

    select
        *,
        cast({{ dbt.date_trunc('month', 'spend_on') }} as date) as month_start_on,
        {{ in_reporting_currency('amount', 'rate_to_reporting') }} as spend_amount
    from {{ ref('stg_marketing_spend') }}

),

campaigns as (

    select * from {{ ref('stg_campaigns') }}

),

channels as (

    select * from {{ ref('channels') }}

),

-- Spend that does not say what for is spent for what its campaign wants.
described as (

    select
        spend.month_start_on,
        spend.campaign_id,
        coalesce(channels.channel, 'unknown') as channel,
        case
            when coalesce(spend.objective, campaigns.objective) in (
                'acquisition', 'development', 'retention', 'winback'
            ) then coalesce(spend.objective, campaigns.objective)
            else 'unknown'
        end as objective,
        spend.spend_amount,
        spend.impressions,
        spend.clicks
    from spend
    left join campaigns
        on spend.campaign_id = campaigns.campaign_id
    left join channels
        on spend.channel = channels.channel

),

months as (

    select
        month_start_on,
        channel,
        campaign_id,
        objective,
        {{ to_total('sum(spend_amount)') }} as spend_amount,
        cast(sum(impressions) as {{ dbt.type_bigint() }}) as impressions,
        cast(sum(clicks) as {{ dbt.type_bigint() }}) as clicks
    from described
    group by month_start_on, channel, campaign_id, objective

)

select * from months
