-- Proves that who has asked to be forgotten is in no audience, under none of the person's ids, whether the
-- request is carried out or not.
select
    audiences.audience,
    audiences.contact_id
from {{ ref('audiences') }} as audiences
inner join {{ ref('int_contacts') }} as contacts
    on audiences.contact_id = contacts.root_contact_id
inner join {{ ref('stg_erasure_requests') }} as requests
    on contacts.contact_id = requests.customer_id

union all

select
    audiences.audience,
    audiences.contact_id
from {{ ref('audiences') }} as audiences
inner join {{ ref('int_erased_ids') }} as erased
    on audiences.contact_id = erased.erased_id
where erased.id_kind = 'customer'
