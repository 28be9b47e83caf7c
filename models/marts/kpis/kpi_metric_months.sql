with

measured as (

    {{ measured_metrics() }}

),

described as (

    select
        metric,
        stage,
        month_start_on,
        is_mature,
        numerator,
        denominator,
        cast(
            case
                when is_mature
                    then coalesce(
                        published, case when is_divided then {{ rate('numerator', 'denominator') }} else numerator end
                    )
            end as decimal(28, 6)
        ) as actual
    from measured

)

select * from described
