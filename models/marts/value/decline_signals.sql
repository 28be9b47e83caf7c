{{ config(
    materialized='incremental',
    touched_when=[['customer_id', 'customers']]
) }}

with

signals as (

    select * from {{ ref('int_order_signals') }}
    where {{ touched() }}

    union all

    select * from {{ ref('int_mood_signals') }}
    where {{ touched() }}

    union all

    select * from {{ ref('int_engagement_signals') }}
    where {{ touched() }}

),

described as (

    select
        customer_id,
        customer_type,
        signal,
        moment_number,
        measured_at,
        is_latest,
        cast(past_events as {{ dbt.type_bigint() }}) as past_events,
        mean_recent,
        mean_past,
        recent_ratio,
        valid_from is not null as is_warning,
        valid_from,
        valid_to
    from signals

)

select * from described
