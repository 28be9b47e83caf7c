with

contacts as (

    select * from {{ ref('int_contacts') }}

),

logins as (

    select
        links.source_id as anonymous_id,
        links.linked_at,
        contacts.customer_id,
        contacts.customer_kind,
        contacts.customer_type,
        row_number() over (
            partition by links.source_id, links.linked_at
            order by {{ sortable('links.link_id') }} desc
        ) as precedence
    from {{ ref('stg_identity_links') }} as links
    inner join contacts
        on links.target_id = contacts.contact_id
    where links.link_type = 'login'

),

devices as (

    select
        anonymous_id,
        count(distinct customer_id) as customers
    from logins
    group by anonymous_id

),

-- Each login holds until the next one; the first reaches back to the beginning.
login_spans as (

    select
        logins.anonymous_id,
        case
            when lag(logins.linked_at) over device is null
                then cast('1900-01-01' as {{ dbt.type_timestamp() }})
            else logins.linked_at
        end as valid_from,
        lead(logins.linked_at) over device as valid_to,
        logins.customer_id,
        logins.customer_kind,
        logins.customer_type
    from logins
    inner join devices
        on logins.anonymous_id = devices.anonymous_id
    where
        logins.precedence = 1
        and devices.customers <= {{ var('max_customers_per_device') }}
    window device as (partition by logins.anonymous_id order by logins.linked_at)

),

seen as (

    select id as anonymous_id from {{ ref('int_mentions') }}
    where id_kind = 'anonymous'
    union
    select anonymous_id from logins

),

-- Nobody logged in, or too many did: the id stays a prospect of its own.
unlinked as (

    select
        seen.anonymous_id,
        coalesce(devices.customers, 0) as customers
    from seen
    left join devices
        on seen.anonymous_id = devices.anonymous_id
    where coalesce(devices.customers, 0) = 0 or devices.customers > {{ var('max_customers_per_device') }}

),

identities as (

    select
        'customer' as source_kind,
        contact_id as source_id,
        root_contact_id as root_source_id,
        cast('1900-01-01' as {{ dbt.type_timestamp() }}) as valid_from,
        cast(null as {{ dbt.type_timestamp() }}) as valid_to,
        customer_id,
        customer_kind,
        customer_type,
        false as is_shared_device
    from contacts

    union all

    select
        'anonymous' as source_kind,
        anonymous_id as source_id,
        anonymous_id as root_source_id,
        valid_from,
        valid_to,
        customer_id,
        customer_kind,
        customer_type,
        false as is_shared_device
    from login_spans

    union all

    select
        'anonymous' as source_kind,
        anonymous_id as source_id,
        anonymous_id as root_source_id,
        cast('1900-01-01' as {{ dbt.type_timestamp() }}) as valid_from,
        cast(null as {{ dbt.type_timestamp() }}) as valid_to,
        'anonymous:' || anonymous_id as customer_id,
        'anonymous' as customer_kind,
        'b2c' as customer_type,
        customers > 0 as is_shared_device
    from unlinked

)

select * from identities
