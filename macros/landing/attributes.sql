{#-
    Attributes of customers as rows: the columns of the contract that may change, and the company's
    own ones (`x_…`), which are found when the model is compiled.
-#}

{#- The columns of the contract's customers table that have a history: {name: expression}. -#}
{% macro customer_attributes() %}
    {{ return({
        'account_id': 'account_id',
        'customer_type': known_customer_type(),
        'email_hash': pii_hash('email'),
        'country': 'country',
        'region': 'region',
        'acquisition_channel': 'acquisition_channel',
    }) }}
{% endmacro %}

{#- A customer type, b2c where it is empty or unknown. -#}
{% macro known_customer_type() -%}
    case when customer_type = 'b2b' then 'b2b' else 'b2c' end
{%- endmacro %}

{#- The company's own columns of a raw table, as its landing view has them; none while parsing. -#}
{% macro company_columns(table) %}
    {%- set names = [] -%}
    {%- set relation = landed_relation(table) -%}
    {%- if relation is not none -%}
        {%- for column in adapter.get_columns_in_relation(relation) if column.name.startswith('x_') -%}
            {%- do names.append(column.name) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(names | sort) }}
{% endmacro %}

{#- The landing view of a raw table; none while parsing, in a unit test, or before it is built. -#}
{% macro landed_relation(table) %}
    {%- if not execute or 'nodes' not in graph -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set node = graph.nodes['model.customer_lifecycle.raw_' ~ table] -%}
    {{ return(adapter.get_relation(node.database, node.schema, node.alias)) }}
{% endmacro %}

{#- A query with the names of the attributes, one row each. `known` are those of the contract. -#}
{% macro attribute_names(known, table) -%}
    {%- for name in known %}
    select
        '{{ name }}' as attribute_name,
        false as is_company_column
    union all
    {%- endfor %}
    {%- for name in company_columns(table) %}
    select
        '{{ dbt.escape_single_quotes(name) }}' as attribute_name,
        true as is_company_column
    union all
    {%- endfor %}
    {#- What stands when there is none. #}
    select
        cast(null as {{ dbt.type_string() }}) as attribute_name,
        true as is_company_column
    where 1 = 0
{%- endmacro %}

{#- The value of the attribute that `attribute_name` names, as text without personal data. -#}
{% macro attribute_value(known, table) -%}
    case
        {%- for name, expression in known.items() %}
        when attribute_name = '{{ name }}' then {{ expression }}
        {%- endfor %}
        {%- for name in company_columns(table) %}
        when attribute_name = '{{ dbt.escape_single_quotes(name) }}' then {{ company_value(name) }}
        {%- endfor %}
        {#- There may be no attribute at all. #}
        when attribute_name is null then cast(null as {{ dbt.type_string() }})
    end
{%- endmacro %}

{#- A value of a company's column as it may leave staging. -#}
{% macro company_value(name) -%}
    {%- set column = adapter.quote(name) -%}
    {%- if name in personal_attributes() -%}
        {{ pii_hash(column) }}
    {%- else -%}
        case when {{ column }} like '%@%' then '***' else {{ column }} end
    {%- endif -%}
{%- endmacro %}

{#- The company's columns that identify a person, in small letters, as landing writes names. -#}
{% macro personal_attributes() %}
    {{ return(var('personal_attributes') | map('lower') | list) }}
{% endmacro %}

{#-
    Stops a build when `personal_attributes` names a column that no table has: what was meant would
    leave staging as it came. Called where both landing views are there.
-#}
{% macro check_personal_attributes() %}
    {%- if landed_relation('customers') is not none and landed_relation('accounts') is not none and not var('use_sample') -%}
        {%- set there = company_columns('customers') + company_columns('accounts') -%}
        {%- for name in personal_attributes() if name not in there -%}
            {{ exceptions.raise_compiler_error(
                "The variable personal_attributes names " ~ name ~ ", which is no column of the raw tables customers "
                ~ "and accounts. Correct it, or take it out: their own columns are "
                ~ (there | unique | sort | join(', ') or 'none') ~ "."
            ) }}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
