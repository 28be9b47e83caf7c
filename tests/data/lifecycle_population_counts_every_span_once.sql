-- Proves that each span which began before as_of is one entry and each that ended before as_of one
-- exit, and that no day has fewer customers than none.
with

moved as (

    select
        sum(entries) as entries,
        sum(exits) as exits,
        min(customers) as fewest_customers
    from {{ ref('lifecycle_population_daily') }}

),

spans as (

    select
        count(*) as begun,
        count(case when spans.valid_to < as_of.as_of then 1 end) as ended
    from {{ ref('lifecycle_spans') }} as spans
    inner join {{ ref('int_as_of') }} as as_of
        on spans.valid_from < as_of.as_of

),

compared as (

    select
        coalesce(moved.entries, 0) as entries,
        spans.begun,
        coalesce(moved.exits, 0) as exits,
        spans.ended,
        coalesce(moved.fewest_customers, 0) as fewest_customers
    from moved
    cross join spans

)

select * from compared
where
    entries <> begun
    or exits <> ended
    or fewest_customers < 0
