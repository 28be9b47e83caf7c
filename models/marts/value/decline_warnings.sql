with

as_of as (

    select * from {{ ref('int_as_of') }}

),

moments as (

    select * from {{ ref('int_purchase_moments') }}

),

-- The silence after a purchase moment: when it became a decline, and when a churn. Scheduled ones too.
silences as (

    select
        customer_id,
        valid_from,
        stage
    from {{ ref('lifecycle_spans') }}
    where stage = 'churn' or (stage = 'decline' and stage_detail = 'silence')

),

warnings as (

    select
        customer_id,
        moment_number,
        signal,
        min(valid_from) as valid_from
    from {{ ref('decline_signals') }}
    where is_warning
    group by customer_id, moment_number, signal

),

ends as (

    select
        moments.customer_id,
        moments.moment_number,
        min(case when silences.stage = 'decline' then silences.valid_from end) as decline_at,
        min(case when silences.stage = 'churn' then silences.valid_from end) as churn_at
    from moments
    inner join silences
        on
            moments.customer_id = silences.customer_id
            and moments.purchased_at < silences.valid_from
            and (moments.next_purchased_at > silences.valid_from or moments.next_purchased_at is null)
    group by moments.customer_id, moments.moment_number

),

-- Who warns after the decline has begun, or not before as_of, does not warn.
early as (

    select
        warnings.*,
        row_number() over (
            partition by warnings.customer_id, warnings.moment_number
            order by warnings.valid_from, warnings.signal
        ) as place
    from warnings
    inner join as_of
        on warnings.valid_from < as_of.as_of
    left join ends
        on
            warnings.customer_id = ends.customer_id
            and warnings.moment_number = ends.moment_number
    where ends.decline_at is null or warnings.valid_from < ends.decline_at

),

gathered as (

    select
        customer_id,
        moment_number,
        min(valid_from) as warned_at,
        max(case when place = 1 then signal end) as first_signal,
        {% for signal in decline_signal_words() -%}
        max(case when signal = '{{ signal }}' then 1 else 0 end) = 1 as has_{{ signal }},
        {% endfor -%}
        count(*) as signals
    from early
    group by customer_id, moment_number

),

followed as (

    select
        gathered.*,
        moments.customer_type,
        moments.purchased_at as last_order_at,
        case when moments.next_purchased_at < as_of.as_of then moments.next_purchased_at end as next_order_at,
        case when ends.decline_at < as_of.as_of then ends.decline_at end as declined_at,
        case when ends.churn_at < as_of.as_of then ends.churn_at end as churned_at
    from gathered
    inner join moments
        on
            gathered.customer_id = moments.customer_id
            and gathered.moment_number = moments.moment_number
    left join ends
        on
            gathered.customer_id = ends.customer_id
            and gathered.moment_number = ends.moment_number
    cross join as_of

),

described as (

    select
        customer_id,
        customer_type,
        moment_number,
        last_order_at,
        warned_at,
        {{ business_date('warned_at') }} as warned_on,
        first_signal,
        cast(signals as {{ dbt.type_bigint() }}) as signals,
        {% for signal in decline_signal_words() -%}
        has_{{ signal }},
        {% endfor -%}
        next_order_at,
        declined_at,
        churned_at,
        {{ whole_days('warned_at', 'declined_at') }} as days_to_decline,
        {{ whole_days('warned_at', 'churned_at') }} as days_to_churn,
        case
            when declined_at is not null then false
            when next_order_at is not null then true
        end as is_false_alarm,
        case
            when churned_at is not null then true
            when next_order_at is not null then false
        end as is_churn_followed
    from followed

)

select * from described
