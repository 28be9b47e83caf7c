{%- set words = [
    ('order_statuses', 'status', 'stg_orders', 'status'),
    ('channels', 'channel', 'stg_orders', 'sales_channel'),
    ('channels', 'channel', 'stg_interactions', 'channel'),
    ('channels', 'channel', 'stg_campaigns', 'channel'),
    ('channels', 'channel', 'stg_marketing_spend', 'channel'),
    ('channels', 'channel', 'stg_tickets', 'channel'),
    ('channels', 'channel', 'stg_consents', 'channel'),
    ('channels', 'channel', 'stg_customers', 'acquisition_channel'),
    ('lifecycle_thresholds', 'customer_type', 'raw_customers', 'customer_type'),
    ('interaction_types', 'interaction_type', 'stg_interactions', 'interaction_type'),
    ('survey_types', 'survey_type', 'stg_feedback', 'survey_type'),
    ('reasons', 'reason', 'stg_refunds', 'reason'),
    ('experiment_metrics', 'metric', 'stg_experiments', 'primary_metric'),
] -%}

with

{% for seed, key, model, column in words -%}
{{ model }}_{{ column }}_words as (

    select
        {{ column }} as word,
        count(*) as row_count
    from {{ ref(model) }}
    where {{ column }} is not null
    group by {{ column }}

),

{{ model }}_{{ column }} as (

    select
        '{{ model.split('_', 1)[1] }}' as table_name,
        '{{ column }}' as column_name,
        '{{ seed }}' as seed_name,
        spoken.word,
        spoken.row_count
    from {{ model }}_{{ column }}_words as spoken
    left join {{ ref(seed) }} as mapped
        on spoken.word = mapped.{{ key }}
    where mapped.{{ key }} is null

),

{% endfor -%}
unmapped as (

    {% for seed, key, model, column in words -%}
    select * from {{ model }}_{{ column }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- In a row that is shifted by a column an address can stand anywhere.
masked as (

    select
        table_name,
        column_name,
        seed_name,
        case when word like '%@%' then '***' else word end as word,
        cast(sum(row_count) as {{ dbt.type_bigint() }}) as row_count
    from unmapped
    group by table_name, column_name, seed_name, case when word like '%@%' then '***' else word end

)

select * from masked
