with

orders as (

    select
        rows_to_stage.*,
        {{ business_date('rows_to_stage.ordered_at') }} as ordered_on,
        coalesce(rows_to_stage.currency, '{{ var('reporting_currency') }}') as currency_code
    from {{ working_set('orders') }} as rows_to_stage

),

{{ with_rates('orders', 'ordered_on') }},

checked as (

    select
        *,
        coalesce(
            _contract_fault,
            case
                when rate_to_reporting is null then 'currency has no exchange rate on the day of the order'
                {%- for amount in ['gross_amount', 'discount_amount', 'shipping_amount', 'tax_amount'] %}
                when {{ is_too_large([amount, 'rate_to_reporting']) }}
                    then '{{ amount }} is too large in the reporting currency'
                {%- endfor %}
            end
        ) as _fault
    from converted

)

select * from checked
