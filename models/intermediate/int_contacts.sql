with

customers as (

    select * from {{ ref('stg_customers') }}

),

links as (

    select * from {{ ref('stg_identity_links') }}

),

-- Every id a source speaks of, whether or not the customers table has arrived yet.
mentioned as (

    select id as customer_id from {{ ref('int_mentions') }}
    where id_kind = 'customer'
    union
    select target_id as customer_id from links
    union
    select source_id as customer_id
    from links
    where link_type = 'merge'

),

merge_roots as (

    select
        source_id,
        max(root_id) as root_id
    from links
    where link_type = 'merge'
    group by source_id

),

rooted as (

    select
        mentioned.customer_id as contact_id,
        coalesce(merge_roots.root_id, mentioned.customer_id) as root_contact_id
    from mentioned
    left join merge_roots
        on mentioned.customer_id = merge_roots.source_id
    where mentioned.customer_id is not null

),

-- A B2B contact buys for the account; the account, not its parent, is the buying unit.
resolved as (

    select
        rooted.contact_id,
        rooted.root_contact_id,
        case
            when customers.customer_type = 'b2b' and customers.account_id is not null
                then 'account:' || customers.account_id
            else 'person:' || rooted.root_contact_id
        end as customer_id,
        case
            when customers.customer_type = 'b2b' and customers.account_id is not null then 'account'
            else 'person'
        end as customer_kind,
        coalesce(customers.customer_type, 'b2c') as customer_type,
        customers.customer_id is null as is_inferred
    from rooted
    left join customers
        on rooted.root_contact_id = customers.customer_id

)

select * from resolved
