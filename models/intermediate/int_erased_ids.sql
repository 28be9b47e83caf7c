with

requests as (

    select * from {{ ref('stg_erasure_requests') }}

),

-- Faulty and older rows speak of the person as well.
logins as (

    select
        source_id,
        target_id
    from {{ ref('base_identity_links') }}
    where link_type = 'login' and source_id is not null

),

merge_roots as (

    select
        source_id,
        max(root_id) as root_id
    from {{ ref('stg_identity_links') }}
    where link_type = 'merge'
    group by source_id

),

persons as (

    select
        requests.request_id,
        requests.requested_at,
        coalesce(merge_roots.root_id, requests.customer_id) as root_id
    from requests
    left join merge_roots
        on requests.customer_id = merge_roots.source_id

),

aliases as (

    select
        root_id,
        source_id as customer_id
    from merge_roots
    union
    select
        root_id,
        root_id as customer_id
    from persons

),

contact_ids as (

    select
        persons.request_id,
        persons.requested_at,
        persons.root_id,
        aliases.customer_id
    from persons
    inner join aliases
        on persons.root_id = aliases.root_id

),

ids as (

    select
        request_id,
        requested_at,
        root_id,
        'customer' as id_kind,
        customer_id as erased_id
    from contact_ids

    union all

    select
        contact_ids.request_id,
        contact_ids.requested_at,
        contact_ids.root_id,
        'anonymous' as id_kind,
        logins.source_id as erased_id
    from contact_ids
    inner join logins
        on contact_ids.customer_id = logins.target_id

),

-- Two requests may be of one person, two persons of one device: the first request has it.
ranked as (

    select
        *,
        row_number() over (
            partition by id_kind, erased_id
            order by requested_at asc, {{ sortable('request_id') }} asc
        ) as precedence
    from ids

),

-- The orders of an account's contact stay with the account.
placed as (

    select
        ranked.request_id,
        ranked.requested_at,
        ranked.id_kind,
        ranked.erased_id,
        case
            when ranked.id_kind = 'customer' and customers.customer_type = 'b2b'
                then 'erased:' || customers.account_id
        end as placeholder_id
    from ranked
    left join {{ ref('stg_customers') }} as customers
        on ranked.root_id = customers.customer_id
    where ranked.precedence = 1

)

select * from placed
