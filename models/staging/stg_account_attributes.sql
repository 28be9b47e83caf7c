with

{{ every_version(ref('raw_accounts')) }},

attributes as (

    {{ attribute_names({}, 'accounts') }}

),

described as (

    select
        -- ids
        lasting.account_id,

        -- strings
        attributes.attribute_name,
        {{ attribute_value({}, 'accounts') }} as attribute_value
    from lasting
    cross join attributes
    where lasting._version = 1

)

select * from described
