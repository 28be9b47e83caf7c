with

spend as (

    select
        *,
        coalesce(currency, '{{ var('reporting_currency') }}') as currency_code
    from {{ ref('raw_marketing_spend') }}

),

rates as (

    select * from {{ ref('stg_exchange_rates') }}

),

converted as (

    select
        spend.*,
        case
            when spend.currency_code = '{{ var('reporting_currency') }}' then 1
            else rates.rate_to_reporting
        end as rate_to_reporting
    from spend
    left join rates
        on
            spend.spend_on = rates.rate_on
            and spend.currency_code = rates.currency

),

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
