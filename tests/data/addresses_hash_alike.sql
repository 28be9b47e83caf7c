-- Proves that one address has one hash however it is written, and another address another one.
with

addresses as (

    select
        {{ pii_hash("'Ann@Example.com'") }} as as_written,
        {{ pii_hash("'ann@example.COM'") }} as as_written_again,
        {{ pii_hash("'anne@example.com'") }} as of_another

)

select * from addresses
where as_written <> as_written_again or as_written = of_another or length(as_written) <> 64
