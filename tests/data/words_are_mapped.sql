-- Warns of the words of the sources that no rule seed maps, with the number of rows they stand in. They
-- count as `unknown` and cost no revenue; add a row to the seed to give them a meaning.
{{ config(severity='warn') }}

select * from {{ ref('unmapped_words') }}
