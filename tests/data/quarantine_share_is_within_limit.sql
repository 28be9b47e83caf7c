-- Proves that a build does not go on with a source that broke: fails for a raw table of which more
-- than the variable `quarantine_share_limit` is in quarantine. The variable is one share, or shares
-- by table with a default: {default: 0.05, orders: 0.01}. Up to five rows stop nobody, so that one
-- bad row of a small table is no alarm, unless they are all the table has.
with

accounting as (

    select * from {{ ref('row_accounting') }}

),

limited as (

    select
        table_name,
        raw_rows,
        quarantined_rows,
        quarantined_rate,
        {{ quarantine_limit('table_name') }} as highest_rate
    from accounting

)

select *
from limited
where not {{ is_within_quarantine_limit('quarantined_rows', 'raw_rows', 'quarantined_rate', 'highest_rate') }}
