-- Proves that no raw row is lost or counted twice: per raw table, what landed is what staging kept,
-- what it left out as an older version or a repetition, what is in quarantine and what was erased.
with

accounting as (

    select * from {{ ref('row_accounting') }}

)

select *
from accounting
where raw_rows != staged_rows + duplicate_rows + quarantined_rows + erased_rows
