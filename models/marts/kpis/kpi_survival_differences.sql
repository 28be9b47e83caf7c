with

lives as (

    select * from {{ ref('customer_lives') }}

),

compared as (

    select
        'customer_type' as compared_by,
        'all' as compared_type,
        customer_type as group_name,
        days,
        is_churned
    from lives

    union all

    select
        'acquisition_channel_group' as compared_by,
        customer_type as compared_type,
        acquisition_channel_group as group_name,
        days,
        is_churned
    from lives

),

ends as (

    select
        compared_by,
        compared_type,
        group_name,
        days,
        count(*) as customers,
        sum(case when is_churned then 1 else 0 end) as churned
    from compared
    group by compared_by, compared_type, group_name, days

),

{{ log_rank('ends') }},

described as (

    select
        compared_by,
        case when compared_by != 'customer_type' then compared_type end as customer_type,
        group_name,
        cast(customers as {{ dbt.type_bigint() }}) as customers,
        cast(churned as {{ dbt.type_bigint() }}) as churned,
        cast(round(cast(expected_churned as decimal(28, 10)), 6) as decimal(28, 6)) as expected_churned,
        {{ rate('churned', 'expected_churned') }} as churned_ratio,
        {{ rate('chi_square', '1') }} as log_rank_chi_square,
        {{ to_bound(normal_p_value('sqrt(chi_square)')) }} as p_value
    from log_rank_tests

)

select * from described
