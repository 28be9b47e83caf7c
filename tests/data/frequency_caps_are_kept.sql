-- Proves from the touches themselves that nobody is in an audience who was contacted as often as its cap
-- lately, and that nobody was exported twice within the days of it.
with

members as (

    select
        audiences.audience,
        audiences.customer_id,
        rules.frequency_cap,
        {{ add_days_to_date('as_of.as_of_on', '-rules.frequency_cap_days') }} as counted_after_on
    from {{ ref('audiences') }} as audiences
    inner join {{ ref('audience_rules') }} as rules
        on audiences.audience = rules.audience
    cross join {{ ref('int_as_of') }} as as_of

),

contacted as (

    select
        members.audience,
        members.customer_id
    from members
    inner join {{ ref('fct_interactions') }} as touches
        on
            members.customer_id = touches.customer_id
            and touches.occurred_on > members.counted_after_on
    inner join {{ ref('contact_channels') }} as channels
        on touches.channel = channels.channel
    where touches.direction = 'outbound'
    group by members.audience, members.customer_id, members.frequency_cap
    having count(*) >= members.frequency_cap

),

exported as (

    select
        members.audience,
        members.customer_id
    from members
    inner join {{ ref('int_exported_customers') }} as exports
        on
            members.customer_id = exports.customer_id
            and exports.exported_on > members.counted_after_on

)

select * from contacted
union all
select * from exported
