{#-
    Who the changed ids lead to, now and at the end of the last complete run. Whoever leads to another
    customer, or is measured by another fit, brings or takes along all that they did.
-#}
{%- set is_delta = is_delta_run() -%}
{%- set last = existing('completed_run') if is_delta -%}
{{- after('int_identities') }}{{ after('stg_orders') }}{{ after('stg_customers') }}{{ after('int_parameters') }}
{{- after('changed_rows') -}}
with

changed_identities as (

    select * from {{ ref('changed_identities') }}

),

ids as (

    select
        id_kind as source_kind,
        id as source_id,
        has_changed_orders,
        has_changed_signals
    from {{ ref('changed_ids') }}
    where id_kind in ('customer', 'anonymous')

    {% if is_delta -%}
    union

    select
        'customer' as source_kind,
        orders.customer_id as source_id,
        true as has_changed_orders,
        false as has_changed_signals
    from {{ ref('stg_orders') }} as orders
    inner join {{ ref('changed_orders') }} as changed_orders
        on orders.order_id = changed_orders.order_id

    union

    -- Whom a customer was referred by is part of what is known of the customer.
    select
        'customer' as source_kind,
        customers.customer_id as source_id,
        false as has_changed_orders,
        false as has_changed_signals
    from {{ ref('stg_customers') }} as customers
    inner join changed_identities
        on
            customers.referrer_customer_id = changed_identities.source_id
            and changed_identities.source_kind = 'customer'
    {%- else -%}
    {{- after('changed_orders') }}
    {%- endif %}

),

{% if is_delta -%}
both_times as (

    select
        source_kind,
        source_id,
        customer_id
    from {{ ref('int_identities') }}
    union
    select
        source_kind,
        source_id,
        customer_id
    from {{ existing('completed_identities') }}

),

parameters as (

    select
        customer_type,
        {{ parameter_text() }} as parameter
    from {{ ref('int_parameters') }}

),

completed_parameters as (

    select
        name as customer_type,
        item as parameter
    from {{ last }}
    where kind = 'parameter'

),

-- Another fit moves every customer of the type.
refitted_types as (

    select parameters.customer_type
    from parameters
    left join completed_parameters
        on
            parameters.customer_type = completed_parameters.customer_type
            and parameters.parameter = completed_parameters.parameter
    where completed_parameters.parameter is null
    union
    select completed_parameters.customer_type
    from completed_parameters
    left join parameters
        on
            completed_parameters.customer_type = parameters.customer_type
            and completed_parameters.parameter = parameters.parameter
    where parameters.parameter is null

),
{%- endif %}

whole_lives as (

    select customer_id from changed_identities

    {% if is_delta -%}
    union

    select 'account:' || row_key as customer_id
    from {{ ref('changed_rows') }}
    where table_name = 'accounts'

    union

    select identities.customer_id
    from {{ ref('int_identities') }} as identities
    inner join refitted_types
        on identities.customer_type = refitted_types.customer_type
    {%- endif %}

),

touched as (

    select
        customer_id,
        true as has_changed_orders,
        true as has_changed_signals
    from whole_lives

    {% if is_delta -%}
    union

    select
        both_times.customer_id,
        ids.has_changed_orders,
        ids.has_changed_signals
    from both_times
    inner join ids
        on
            both_times.source_kind = ids.source_kind
            and both_times.source_id = ids.source_id

    union

    {{ pending(['customer_id', 'has_changed_orders', 'has_changed_signals']) }}
    {%- endif %}

)

select
    customer_id,
    {{ dbt.bool_or('has_changed_orders') }} as has_changed_orders,
    {{ dbt.bool_or('has_changed_signals') }} as has_changed_signals,
    {{ last_run_number() }} as since_run
from touched
group by customer_id
