-- Proves that each audience's hold-out is as large as its rule asks, within four standard errors of the
-- split: by chance one of 16,000 audiences would lie outside.
with

members as (

    select
        audience,
        cast(count(*) as {{ type_double() }}) as customers,
        cast(sum(case when is_held_out then 1 else 0 end) as {{ type_double() }}) as held_out
    from {{ ref('audiences') }}
    group by audience

),

broken as (

    select
        members.audience,
        members.customers,
        members.held_out,
        rules.holdout_share
    from members
    inner join {{ ref('audience_rules') }} as rules
        on members.audience = rules.audience
    where
        abs(members.held_out - members.customers * rules.holdout_share)
        > 4 * sqrt(members.customers * rules.holdout_share * (1 - rules.holdout_share))

)

select * from broken
