with

touches as (

    select
        *,
        cast({{ dbt.date_trunc('month', 'purchased_on') }} as date) as month_start_on,
        cast(net_amount as decimal(24, 4)) as revenue
    from {{ ref('attribution_touches') }}
    where is_converted

),

effects as (

    select
        conversion_kind,
        channel,
        cast(removal_effect_rate as {{ type_double() }})
        / sum(cast(removal_effect_rate as {{ type_double() }})) over (partition by conversion_kind) as share
    from {{ ref('attribution_removal_effects') }}
    where removal_effect_rate > 0

),

grouped as (

    select
        month_start_on,
        conversion_kind,
        channel,
        {%- for model in path_models() %}
        {{ to_weight('sum(' ~ model ~ '_credit)') }} as {{ model }}_conversions,
        {{ to_weight('sum(revenue * ' ~ model ~ '_credit)') }} as {{ model }}_revenue,
        {%- endfor %}
        {{ to_weight('sum(case when touches = 0 then 1 else 0 end)') }} as untouched_conversions,
        {{ to_weight('sum(case when touches = 0 then revenue else 0 end)') }} as untouched_revenue
    from touches
    group by month_start_on, conversion_kind, channel

),

totals as (

    select
        month_start_on,
        conversion_kind,
        sum(first_touch_conversions - untouched_conversions) as touched_conversions,
        sum(first_touch_revenue - untouched_revenue) as touched_revenue
    from grouped
    group by month_start_on, conversion_kind

),

-- The chain is one of all months: a month's purchases are shared out by its removal effects.
weighed as (
    {% for model in path_models() %}
    select
        month_start_on,
        conversion_kind,
        '{{ model }}' as attribution_model,
        channel,
        {{ model }}_conversions as conversions,
        {{ model }}_revenue as revenue
    from grouped

    union all
    {% endfor %}
    select
        totals.month_start_on,
        totals.conversion_kind,
        'markov' as attribution_model,
        effects.channel,
        {{ to_weight('cast(totals.touched_conversions as ' ~ type_double() ~ ') * effects.share') }} as conversions,
        {{ to_weight('cast(totals.touched_revenue as ' ~ type_double() ~ ') * effects.share') }} as revenue
    from totals
    inner join effects
        on totals.conversion_kind = effects.conversion_kind

    union all

    select
        month_start_on,
        conversion_kind,
        'markov' as attribution_model,
        channel,
        untouched_conversions as conversions,
        untouched_revenue as revenue
    from grouped
    where untouched_conversions > 0

),

summed as (

    select
        month_start_on,
        conversion_kind,
        attribution_model,
        channel,
        sum(conversions) as conversions,
        sum(revenue) as revenue
    from weighed
    group by month_start_on, conversion_kind, attribution_model, channel

),

-- The first touch earns whole purchases, so its sums are what there is to share out.
owed as (

    select
        *,
        sum(case when attribution_model = 'first_touch' then conversions end) over month as month_conversions,
        sum(case when attribution_model = 'first_touch' then revenue end) over month as month_revenue
    from summed
    window month as (partition by month_start_on, conversion_kind)

),

running as (

    select
        month_start_on,
        conversion_kind,
        attribution_model,
        channel,
        {{ running_share('month_conversions', 'conversions', 6, 'up_to_here', 'whole_model') }} as conversions_so_far,
        {{ running_share('month_revenue', 'revenue', 4, 'up_to_here', 'whole_model') }} as revenue_so_far
    from owed
    window
        whole_model as (partition by month_start_on, conversion_kind, attribution_model),
        up_to_here as (
            partition by month_start_on, conversion_kind, attribution_model
            order by {{ sortable('channel') }}
            rows between unbounded preceding and current row
        )

),

described as (

    select
        month_start_on,
        conversion_kind,
        attribution_model,
        channel,
        cast(conversions_so_far - coalesce(lag(conversions_so_far) over model, 0) as decimal(28, 6)) as conversions,
        {{ to_total('revenue_so_far - coalesce(lag(revenue_so_far) over model, 0)') }} as revenue_amount
    from running
    window model as (
        partition by month_start_on, conversion_kind, attribution_model order by {{ sortable('channel') }}
    )

)

select * from described
