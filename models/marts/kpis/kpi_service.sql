with

as_of as (

    select * from {{ ref('int_as_of') }}

),

months as (

    select
        month_start_on,
        min(date_on) as first_on
    from {{ ref('dim_dates') }}
    group by month_start_on

),

tickets as (

    select
        *,
        cast({{ dbt.date_trunc('month', 'opened_on') }} as date) as opened_month_on,
        cast({{ dbt.date_trunc('month', 'resolved_on') }} as date) as resolved_month_on
    from {{ ref('int_tickets') }}

),

desks as (

    select
        customer_type,
        channel
    from tickets
    group by customer_type, channel

),

opened as (

    select
        opened_month_on,
        customer_type,
        channel,
        count(*) as tickets,
        count(response_seconds) as responded_tickets,
        sum(response_seconds) as response_seconds,
        {{ median_of('response_seconds', 60) }} as median_response_minutes,
        count(resolution_seconds) as closed_tickets,
        sum(resolution_seconds) as resolution_seconds,
        {{ median_of('resolution_seconds', 3600) }} as median_resolution_hours,
        sum(case when resolution_seconds is not null and handover_count is not null then 1 else 0 end)
            as judged_tickets,
        sum(case when resolution_seconds is not null and handover_count = 0 and not is_repeated then 1 else 0 end)
            as first_contact_resolutions,
        sum(case when is_repeat then 1 else 0 end) as repeat_contacts,
        count(is_complaint) as said_tickets,
        sum(case when is_complaint then 1 else 0 end) as complaints
    from tickets
    group by opened_month_on, customer_type, channel

),

resolved as (

    select
        resolved_month_on,
        customer_type,
        channel,
        count(*) as resolved_tickets
    from tickets
    where resolved_month_on is not null
    group by resolved_month_on, customer_type, channel

),

every_month as (

    select
        months.month_start_on,
        desks.customer_type,
        desks.channel,
        coalesce(opened.tickets, 0) as tickets,
        coalesce(opened.responded_tickets, 0) as responded_tickets,
        opened.response_seconds,
        opened.median_response_minutes,
        coalesce(opened.closed_tickets, 0) as closed_tickets,
        opened.resolution_seconds,
        opened.median_resolution_hours,
        coalesce(opened.judged_tickets, 0) as judged_tickets,
        coalesce(opened.first_contact_resolutions, 0) as first_contact_resolutions,
        coalesce(opened.repeat_contacts, 0) as repeat_contacts,
        coalesce(opened.said_tickets, 0) as said_tickets,
        coalesce(opened.complaints, 0) as complaints,
        coalesce(resolved.resolved_tickets, 0) as resolved_tickets,
        sum(coalesce(opened.tickets, 0) - coalesce(resolved.resolved_tickets, 0)) over (
            partition by desks.customer_type, desks.channel order by months.month_start_on
            rows between unbounded preceding and current row
        ) as open_tickets
    from months
    cross join desks
    left join opened
        on
            months.month_start_on = opened.opened_month_on
            and desks.customer_type = opened.customer_type
            and desks.channel = opened.channel
    left join resolved
        on
            months.month_start_on = resolved.resolved_month_on
            and desks.customer_type = resolved.customer_type
            and desks.channel = resolved.channel

),

aged as (

    select
        every_month.*,
        {{ is_month_over('every_month.month_start_on') }} as is_month_complete,
        {{ is_month_over('every_month.month_start_on', var('repeat_contact_days')) }} as is_window_over
    from every_month
    cross join as_of
    where every_month.tickets + every_month.resolved_tickets + every_month.open_tickets > 0

),

described as (

    select
        month_start_on,
        customer_type,
        channel,
        is_month_complete,
        cast(tickets as {{ dbt.type_bigint() }}) as tickets,
        cast(responded_tickets as {{ dbt.type_bigint() }}) as responded_tickets,
        case when is_month_complete then {{ rate('response_seconds', '60 * responded_tickets') }} end
            as mean_response_minutes,
        case when is_month_complete then median_response_minutes end as median_response_minutes,
        cast(closed_tickets as {{ dbt.type_bigint() }}) as closed_tickets,
        case when is_month_complete then {{ rate('resolution_seconds', '3600 * closed_tickets') }} end
            as mean_resolution_hours,
        case when is_month_complete then median_resolution_hours end as median_resolution_hours,
        cast(judged_tickets as {{ dbt.type_bigint() }}) as judged_tickets,
        cast(first_contact_resolutions as {{ dbt.type_bigint() }}) as first_contact_resolutions,
        case when is_window_over then {{ rate('first_contact_resolutions', 'judged_tickets') }} end
            as first_contact_resolution_rate,
        cast(repeat_contacts as {{ dbt.type_bigint() }}) as repeat_contacts,
        case when is_month_complete then {{ rate('repeat_contacts', 'tickets') }} end as repeat_contact_rate,
        cast(said_tickets as {{ dbt.type_bigint() }}) as said_tickets,
        cast(case when said_tickets > 0 then complaints end as {{ dbt.type_bigint() }}) as complaints,
        case when is_month_complete then {{ rate('complaints', 'said_tickets') }} end as complaint_rate,
        cast(resolved_tickets as {{ dbt.type_bigint() }}) as resolved_tickets,
        cast(open_tickets as {{ dbt.type_bigint() }}) as open_tickets
    from aged

)

select * from described
