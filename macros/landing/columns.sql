{#- The contract's word for a column's type: dbt hands over its own words for some of them. -#}
{% macro landing_type(column) -%}
    {%- set word = column.data_type | lower -%}
    {{ return({'text': 'string', 'int': 'integer'}.get(word, word)) }}
{%- endmacro %}

{#- A column as it came, as trimmed text, NULL when blank; `is_trimmed` says that it is that already. -#}
{% macro landing_text(found) -%}
    {%- set quoted = adapter.quote(found.name) -%}
    {{ quoted if found.is_trimmed else trimmed(quoted if landing_is_text(found.type) else 'cast(' ~ quoted ~ ' as ' ~ dbt.type_string() ~ ')') }}
{%- endmacro %}

{% macro landing_is_text(type) -%}
    {{ return(type.startswith('varchar') or type.startswith('text') or type.startswith('char') or type == 'string') }}
{%- endmacro %}

{#- A column with its contract type. What already has the type is not touched. -#}
{% macro landing_cast(column, all_found) -%}
    {%- set found = all_found.get(column.name) -%}
    {%- set type = landing_type(column) -%}
    {%- if not found -%}
        cast(null as {{ sql_type(type) }})
    {%- elif column.config.meta.case -%}
        {{ column.config.meta.case }}({{ landing_text(found) }})
    {%- elif landing_is_number(type, found) -%}
        {{ try_cast_number(adapter.quote(found.name), type) }}
    {%- elif not landing_is_typed(type, found) -%}
        {{ try_cast(landing_text(found), type) }}
    {%- elif found.type in ('timestamp with time zone', 'timestamptz') -%}
        ({{ adapter.quote(found.name) }} at time zone 'UTC')
    {%- else -%}
        cast({{ adapter.quote(found.name) }} as {{ sql_type(type) }})
    {%- endif -%}
{%- endmacro %}

{#- Whether a column already has its contract type, so that no cast of it can fail. -#}
{% macro landing_is_typed(type, found) -%}
    {%- if type == 'timestamp' -%}
        {{ return(found.type.startswith('timestamp') or found.type == 'date') }}
    {%- endif -%}
    {{ return(type == found.type and type in ('date', 'boolean')) }}
{%- endmacro %}

{#- Whether a column is a number of another kind than the contract's. -#}
{% macro landing_is_number(type, found) -%}
    {%- set word = found.type.split('(')[0] -%}
    {{ return(type in ('decimal', 'rate', 'number', 'integer') and word in (
        'decimal', 'numeric', 'double', 'double precision', 'float', 'real', 'tinyint', 'smallint',
        'integer', 'int', 'bigint', 'hugeint',
    )) }}
{%- endmacro %}

{#- The first clause of the contract that a row breaks, as a sentence; NULL when it breaks none. -#}
{% macro landing_fault(columns, found, any_of) -%}
    {%- set clauses = [] -%}
    {%- for column in columns.values() -%}
        {%- set name, meta = column.name, column.config.meta -%}
        {%- if name in found and landing_type(column) != 'string' and not landing_is_typed(landing_type(column), found[name]) -%}
            {%- do clauses.append(["given__" ~ name ~ " is not null and " ~ name ~ " is null",
                name ~ " is not a " ~ ('decimal' if landing_type(column) in ('rate', 'number') else landing_type(column))]) -%}
        {%- endif -%}
        {%- if meta.required -%}
            {%- do clauses.append([name ~ " is null", name ~ " is missing"]) -%}
        {%- endif -%}
        {%- if meta.at_least_zero -%}
            {%- do clauses.append([name ~ " < 0", name ~ " is negative"]) -%}
        {%- endif -%}
        {%- if landing_type(column) == 'decimal' -%}
            {%- do clauses.append(["abs(" ~ name ~ ") >= " ~ largest_amount(), name ~ " is too large"]) -%}
        {%- endif -%}
        {%- if landing_type(column) in ('timestamp', 'date') -%}
            {%- set plain = "cast(" ~ name ~ " as " ~ dbt.type_timestamp() ~ ")" if landing_type(column) == 'date' else name -%}
            {%- set first = "cast('1900-01-01' as " ~ dbt.type_timestamp() ~ ")" -%}
            {%- set last = "cast('2200-01-01' as " ~ dbt.type_timestamp() ~ ")" -%}
            {%- do clauses.append([plain ~ " < " ~ first, name ~ " is before 1900"]) -%}
            {%- do clauses.append([plain ~ " >= " ~ last, name ~ " is after 2199"]) -%}
            {%- if meta.has_happened -%}
                {#- A day is taken from the time that is known to lie between 1900 and 2199. -#}
                {%- do clauses.append([add_days(plain, -1) ~ " > _loaded_at",
                    name ~ " is after the row was loaded"]) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if any_of -%}
        {%- do clauses.append(["coalesce(" ~ any_of | join(', ') ~ ") is null",
            "one of " ~ any_of | join(', ') ~ " must be given"]) -%}
    {%- endif -%}
    case
            {%- for condition, sentence in clauses %}
            when {{ condition }} then '{{ sentence }}'
            {%- endfor %}
        end
{%- endmacro %}

{#- Whether what came for a column differs from what it became. -#}
{% macro landing_has_given(column) -%}
    {{ return(landing_type(column) != 'string' or column.config.meta.get('case') is not none) }}
{%- endmacro %}

{#-
    A row of a landing model as it came, as JSON but for its control characters (`json_document`
    escapes them), personal columns masked. Built from the columns only where it is asked for: as a
    column of the view it would be computed for every row below every join.
-#}
{% macro landed_row(table, alias, masked=true) -%}
    {%- if not execute -%}
        {{ return('null') }}
    {%- endif -%}
    {%- set parts = [] -%}
    {%- for column in graph.nodes['model.customer_lifecycle.raw_' ~ table].columns.values() -%}
        {%- set own = alias ~ '.' ~ column.name -%}
        {%- if column.config.meta.is_personal and masked -%}
            {%- set value = "case when " ~ own ~ " is null then 'null' else '\"***\"' end" -%}
        {%- else -%}
            {%- set text = 'cast(' ~ alias ~ '.given__' ~ column.name ~ ' as ' ~ dbt.type_string() ~ ')' if landing_has_given(column) else own -%}
            {%- set value = json_string(text) -%}
            {%- if masked -%}
                {#- A row shifted by a column has an address anywhere. -#}
                {%- set value = "case when " ~ text ~ " like '%@%' then '\"***\"' else " ~ value ~ " end" -%}
            {%- endif -%}
        {%- endif -%}
        {%- do parts.append("'\"" ~ column.name ~ "\": ' || " ~ value) -%}
    {%- endfor -%}
    '{' || {{ parts | join(" || ', ' || ") }} || '}'
{%- endmacro %}
