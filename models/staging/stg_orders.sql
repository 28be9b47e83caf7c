{{ config(
    materialized='incremental',
    touched_when=[['order_id', 'rows of orders']]
) }}

{{ after('changed_ids') }}
with

{{ latest_version(ref('base_orders'), version_time='updated_at', fault='_fault') }},

typed as (

    select
        -- ids
        order_id,
        customer_id,
        campaign_id,

        -- strings
        status,
        sales_channel,
        payment_method,
        coalesce(currency, '{{ var('reporting_currency') }}') as currency,
        coupon_code,

        -- numerics
        gross_amount,
        discount_amount,
        shipping_amount,
        tax_amount,
        rate_to_reporting,

        -- dates and timestamps
        ordered_at,
        ordered_on,
        cancelled_at,
        updated_at,

        -- accounting
        _loaded_at,
        _source_file,
        _load_id,
        _versions
    from latest

)

select * from typed
