-- What every analysis of these files begins with: who is who. orders.sql and touches.sql go on
-- from here. They expect the raw tables and rule seeds as views of their names. A day ends at
-- midnight in Berlin.

create macro business_day(at_utc) as cast((at_utc at time zone 'UTC') at time zone 'Europe/Berlin' as date);

create macro money(amount) as cast(amount as decimal(18, 4));

-- Who is who: merged people are one, a contact of a company is the company, a device is its first user's.
create temp table people as
with

latest as (

    select *
    from customers
    qualify row_number() over (partition by customer_id order by updated_at desc, _loaded_at desc) = 1

),

merges as (

    select source_id, target_id
    from identity_links
    where link_type = 'merge'
    qualify row_number() over (partition by source_id order by linked_at desc, link_id desc) = 1

)

select
    latest.customer_id as contact_id,
    coalesce(root.customer_type, 'b2c') as customer_type,
    case
        when root.customer_type = 'b2b' and root.account_id is not null then 'account:' || root.account_id
        else 'person:' || root.customer_id
    end as customer_id
from latest
left join merges
    on latest.customer_id = merges.source_id
inner join latest as root
    on root.customer_id = coalesce(merges.target_id, latest.customer_id);

create temp table devices as
select
    logins.source_id as anonymous_id,
    arg_min(people.customer_id, logins.linked_at) as customer_id,
    arg_min(people.customer_type, logins.linked_at) as customer_type
from identity_links as logins
inner join people
    on logins.target_id = people.contact_id
where logins.link_type = 'login'
group by logins.source_id
having count(distinct people.customer_id) <= 3;
