-- Warns of the words of the sources that no rule seed maps, with the number of rows they stand in. They
-- count as `unknown` and cost no revenue; add a row to the seed to give them a meaning.
{{ config(severity='warn') }}

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
] %}

with

unmapped as (

    {% for seed, key, model, column in words -%}
    select
        '{{ seed }}' as seed,
        '{{ model }}.{{ column }}' as found_in,
        spoken.{{ column }} as word,
        count(*) as row_count
    from {{ ref(model) }} as spoken
    left join {{ ref(seed) }} as mapped
        on spoken.{{ column }} = mapped.{{ key }}
    where spoken.{{ column }} is not null and mapped.{{ key }} is null
    group by spoken.{{ column }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from unmapped
