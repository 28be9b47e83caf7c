-- Proves that what counts as a touch is said once, of interaction types that the project knows.
-- Each row says in `problem` what to change in seeds/rules/attribution_touch_types.csv.
{%- set unknown -%}
select 'attribution_touch_types.csv, ' || seed.interaction_type
        || ': interaction_types.csv does not have it: describe it there, or remove the row.' as problem
    from seed
    left join {{ ref('interaction_types') }} as types on seed.interaction_type = types.interaction_type
    where types.interaction_type is null
{%- endset %}
{{ seed_problems('attribution_touch_types', ['interaction_type'], is_spoken=true, queries=[unknown]) }}
