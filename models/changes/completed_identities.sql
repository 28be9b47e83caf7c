{{ config(
    materialized='incremental',
    touched_when=[
        ['source_id', 'contacts', "source_kind = 'customer'"],
        ['source_id', 'devices', "source_kind = 'anonymous'"],
    ]
) }}

{{ after_all_models() }}

with

identities as (

    select * from {{ ref('int_identities') }}
    where {{ touched() }}

)

select * from identities
