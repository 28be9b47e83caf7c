{%- set counts = {} -%}
{%- for table in raw_tables() if not var('use_sample') -%}
    {%- set relation = landing_relation(table) -%}
    {%- if execute -%}
        {%- set columns = graph.nodes['model.customer_lifecycle.raw_' ~ table].columns -%}
        {%- set query = erased_rows_query(relation, landing_columns(relation, {}, table), columns) -%}
        {%- do counts.update({table: query}) if query -%}
    {%- endif -%}
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
