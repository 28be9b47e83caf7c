-- Proves that in every taxonomy a customer is in one stage at most at a time, and that spans which
-- touch have different codes: what the taxonomy calls by one name is one span.
with

spans as (

    select
        *,
        lag(code) over life as preceding_code,
        lag(valid_to) over life as preceding_valid_to,
        row_number() over life as place
    from {{ ref('lifecycle_taxonomy_spans') }}
    window life as (partition by taxonomy, customer_id order by valid_from)

)

select * from spans
where
    valid_from >= valid_to
    or (
        place > 1 and (
            preceding_valid_to is null
            or preceding_valid_to > valid_from
            or (preceding_valid_to = valid_from and preceding_code = code)
        )
    )
