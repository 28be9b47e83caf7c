{#- Compared with what the last complete run left, and with what a stopped one made of it. -#}
{%- set completed = existing('completed_identities') if is_delta_run() -%}
{%- set columns = [
    'source_kind', 'source_id', 'root_source_id', 'valid_from', 'valid_to', 'customer_id', 'customer_kind',
    'customer_type', 'is_shared_device',
] -%}
with

identities as (

    select {{ columns | join(', ') }} from {{ ref('int_identities') }}

),

{% if completed -%}
completed as (

    select {{ columns | join(', ') }} from {{ completed }}

),

appeared as (

    select * from identities
    {{ dbt.except() }}
    select * from completed

),

vanished as (

    select * from completed
    {{ dbt.except() }}
    select * from identities

),

changed as (

    select
        source_kind,
        source_id,
        customer_id
    from appeared
    union
    select
        source_kind,
        source_id,
        customer_id
    from vanished
    union
    {{ pending(['source_kind', 'source_id', 'customer_id']) }}

)
{%- else -%}
changed as (

    select
        source_kind,
        source_id,
        customer_id
    from identities
    where 1 = 0

)
{%- endif %}

select
    *,
    {{ last_run_number() }} as since_run
from changed
