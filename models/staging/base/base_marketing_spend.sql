with

spend as (

    select
        *,
        coalesce(currency, '{{ var('reporting_currency') }}') as currency_code
    from {{ ref('raw_marketing_spend') }}

),

{{ with_rates('spend', 'spend_on') }},

checked as (

    select
        *,
        coalesce(
            _contract_fault,
            case
                when rate_to_reporting is null then 'currency has no exchange rate on the day of the spend'
                when {{ is_too_large(['amount', 'rate_to_reporting']) }}
                    then 'amount is too large in the reporting currency'
            end
        ) as _fault
    from converted

)

select * from checked
