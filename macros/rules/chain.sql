{#-
    Solves one linear equation per stage, as the CTEs up to `solved`. `first` holds, for each of
    `by`, the rows (i, side, j, x): stage i is worth the sum of x over 'left' times what stage j is worth,
    plus its x over 'right' (of each column j). Stage by stage an equation is solved for its own stage
    and put into the others (Gauss and Jordan). What leads to a stage that nothing leads away from,
    or of which no equation is known, is NULL.
-#}
{% macro solved_by_stage(first, stages, by='customer_type') -%}
{%- set source = namespace(name=first) -%}
{%- for stage in stages -%}
{%- set own = "max(case when i = '" ~ stage ~ "' and side = 'left' and j = '" ~ stage
    ~ "' then x end) over (partition by " ~ by ~ ")" -%}
without_{{ stage }} as (

    select
        {{ by }},
        i,
        side,
        j,
        case
            when side = 'left' and j = '{{ stage }}' then 0
            when i = '{{ stage }}' then x / leaving
            when onto_stage = 0 or from_stage = 0 then x
            else x + onto_stage * from_stage / leaving
        end as x
    from (
        select
            *,
            coalesce(
                max(case when side = 'left' and j = '{{ stage }}' then x end) over (partition by {{ by }}, i), 0
            ) as onto_stage,
            max(case when i = '{{ stage }}' then x end) over (partition by {{ by }}, side, j) as from_stage,
            case when 1 - {{ own }} > 0.000000001 then 1 - {{ own }} end as leaving
        from {{ source.name }}
    ) as seen

),
{% set source.name = 'without_' ~ stage %}
{% endfor -%}
solved as (

    select * from {{ source.name }}

)
{%- endmacro %}

{#-
    Where the chain has led after three months, as CTEs over a CTE (customer_type, from_stage, to_stage,
    share): `three_months`, and `whole` with how much of each stage that is. It is less than all where
    the chain leads to a stage that no complete month began with. Whoever is in churn stays there.
-#}
{% macro three_months_ahead(shares) -%}
moves as (

    select
        customer_type,
        from_stage,
        to_stage,
        share
    from {{ shares }}

    union all

    select distinct
        customer_type,
        'churn' as from_stage,
        'churn' as to_stage,
        cast(1 as {{ type_double() }}) as share
    from {{ shares }}

),

two_months as (

    select
        one.customer_type,
        one.from_stage,
        another.to_stage,
        sum(one.share * another.share) as share
    from moves as one
    inner join moves as another
        on
            one.customer_type = another.customer_type
            and one.to_stage = another.from_stage
    group by one.customer_type, one.from_stage, another.to_stage

),

three_months as (

    select
        two_months.customer_type,
        two_months.from_stage,
        moves.to_stage,
        sum(two_months.share * moves.share) as share
    from two_months
    inner join moves
        on
            two_months.customer_type = moves.customer_type
            and two_months.to_stage = moves.from_stage
    group by two_months.customer_type, two_months.from_stage, moves.to_stage

),

whole as (

    select
        customer_type,
        from_stage,
        sum(share) as share
    from three_months
    group by customer_type, from_stage

)
{%- endmacro %}
