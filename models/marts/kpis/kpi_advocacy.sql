with

as_of as (

    select * from {{ ref('int_as_of') }}

),

months as (

    select month_start_on from {{ ref('dim_dates') }}
    group by month_start_on

),

customer_months as (

    select * from {{ ref('int_activity_months') }}

),

firsts as (

    select
        customer_id,
        customer_type,
        min(case when order_moments > 0 then month_start_on end) as buyer_since_on,
        min(case when referrals_converted > 0 then month_start_on end) as referrer_since_on
    from customer_months
    group by customer_id, customer_type

),

referred as (

    select
        cast({{ dbt.date_trunc('month', business_date('customers.first_order_at')) }} as date) as month_start_on,
        referrers.customer_type,
        count(*) as referred_customers,
        sum(customers.net_amount) as referred_net_amount
    from {{ ref('dim_customers') }} as customers
    inner join {{ ref('int_customers') }} as referrers
        on customers.referrer_customer_id = referrers.customer_id
    where customers.is_buyer
    group by
        cast({{ dbt.date_trunc('month', business_date('customers.first_order_at')) }} as date),
        referrers.customer_type

),

promoters as (

    select
        cast({{ dbt.date_trunc('month', 'responded_on') }} as date) as month_start_on,
        customer_type,
        count(distinct customer_id) as promoters
    from {{ ref('int_feedback') }}
    where is_promoter
    group by cast({{ dbt.date_trunc('month', 'responded_on') }} as date), customer_type

),

asked as (

    select count(case when measures = 'promotion' then 1 end) as answers from {{ ref('int_feedback') }}

),

referrals as (

    select count(referrer_customer_id) as referred from {{ ref('dim_customers') }}

),

-- What the source never speaks of is not known, which is not the same as none.
sources as (

    select
        coalesce(sum(customer_months.referrals_sent), 0) > 0 as knows_sent,
        coalesce(sum(customer_months.referrals_converted), 0) > 0 as knows_converted,
        coalesce(sum(customer_months.reviews), 0) > 0 as knows_reviews,
        max(asked.answers) > 0 as knows_promoters,
        max(referrals.referred) > 0 as knows_referrers
    from customer_months
    cross join asked
    cross join referrals

),

buyers as (

    select
        buyer_since_on as month_start_on,
        customer_type,
        count(*) as buyers
    from firsts
    where buyer_since_on is not null
    group by buyer_since_on, customer_type

),

-- A referrer counts from when both hold: brought somebody, and bought.
referrers as (

    select
        greatest(buyer_since_on, referrer_since_on) as month_start_on,
        customer_type,
        count(*) as referrers
    from firsts
    where buyer_since_on is not null and referrer_since_on is not null
    group by greatest(buyer_since_on, referrer_since_on), customer_type

),

acts as (

    select
        month_start_on,
        customer_type,
        sum(referrals_sent) as referrals_sent,
        sum(referrals_converted) as referrals_converted,
        sum(reviews) as reviews
    from customer_months
    group by month_start_on, customer_type

),

types as (

    select customer_type from {{ ref('int_customers') }}
    group by customer_type

),

every_month as (

    select
        months.month_start_on,
        types.customer_type,
        sum(coalesce(buyers.buyers, 0)) over so_far as buyers,
        sum(coalesce(referrers.referrers, 0)) over so_far as referrers,
        coalesce(acts.referrals_sent, 0) as referrals_sent,
        coalesce(acts.referrals_converted, 0) as referrals_converted,
        coalesce(acts.reviews, 0) as reviews,
        coalesce(promoters.promoters, 0) as promoters,
        coalesce(referred.referred_customers, 0) as referred_customers,
        coalesce(referred.referred_net_amount, 0) as referred_net_amount
    from months
    cross join types
    {%- for part in ['buyers', 'referrers', 'acts', 'promoters', 'referred'] %}
    left join {{ part }}
        on
            months.month_start_on = {{ part }}.month_start_on
            and types.customer_type = {{ part }}.customer_type
    {%- endfor %}
    window so_far as (
        partition by types.customer_type order by months.month_start_on
        rows between unbounded preceding and current row
    )

),

aged as (

    select
        every_month.*,
        {{ is_month_over('every_month.month_start_on') }} as is_month_complete,
        sources.knows_sent,
        sources.knows_converted,
        sources.knows_reviews,
        sources.knows_promoters,
        sources.knows_referrers
    from every_month
    cross join as_of
    cross join sources

),

described as (

    select
        month_start_on,
        customer_type,
        is_month_complete,
        cast(buyers as {{ dbt.type_bigint() }}) as buyers,
        cast(case when knows_sent then referrals_sent end as {{ dbt.type_bigint() }}) as referrals_sent,
        cast(case when knows_converted then referrals_converted end as {{ dbt.type_bigint() }}) as referrals_converted,
        cast(case when knows_converted then referrers end as {{ dbt.type_bigint() }}) as referrers,
        case when is_month_complete and knows_converted then {{ rate('referrers', 'buyers') }} end as referral_rate,
        cast(case when knows_referrers then referred_customers end as {{ dbt.type_bigint() }}) as referred_customers,
        case when knows_referrers then {{ to_total('referred_net_amount') }} end as referred_net_amount,
        cast(case when knows_reviews then reviews end as {{ dbt.type_bigint() }}) as reviews,
        cast(case when knows_promoters then promoters end as {{ dbt.type_bigint() }}) as promoters
    from aged

)

select * from described
