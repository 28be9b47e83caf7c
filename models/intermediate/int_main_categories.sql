with

bought as (

    select
        customer_id,
        category,
        count(*) as purchases,
        max(purchased_at) as last_purchased_at
    from {{ ref('int_purchase_categories') }}
    group by customer_id, category

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by purchases desc, last_purchased_at desc, {{ sortable('category') }} asc
        ) as place
    from bought

),

main as (

    select
        customer_id,
        category,
        purchases
    from ranked
    where place = 1

)

select * from main
