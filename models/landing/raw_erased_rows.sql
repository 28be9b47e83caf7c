{%- set counts = {} -%}
{%- for table in raw_tables() -%}
    {%- set relation = none if var('use_sample') else landing_relation(table) -%}
    {%- set contract = graph.nodes['model.customer_lifecycle.raw_' ~ table].columns if execute else {} -%}
    {%- set found = landing_columns(relation, {}, table) if execute else {} -%}
    {%- set query = erased_rows_query(relation, found, contract) -%}
    {%- do counts.update({table: query}) if query -%}
{%- endfor -%}
with

counted as (

    {% for table, query in counts.items() -%}
    select
        '{{ table }}' as table_name,
        cast(({{ query }}) as {{ dbt.type_bigint() }}) as erased_rows
    union all
    {% endfor -%}
    select
        cast(null as {{ dbt.type_string() }}) as table_name,
        cast(0 as {{ dbt.type_bigint() }}) as erased_rows

)

select * from counted
where table_name is not null
