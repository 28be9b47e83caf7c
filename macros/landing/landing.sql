{#-
    The input contract made executable: one view per raw table.

    The contract is the model's own yml. The rows come from the sample seed, from the company's
    table, or, when an optional table is not there, from nowhere. Every column arrives with its
    contract type; a row that breaks the contract keeps its place and says so in `_contract_fault`.

    Added columns: `_row_key` (the key as one text), `_contract_fault` (the first broken clause, NULL
    when none), `given__<column>` (what came for a column that is not text), `_loaded_at`,
    `_source_file`, `_load_id`. The row as it came is put together by `landed_row()`, where somebody asks for it.

    What is read from the yml, under `config.meta`:
      model    required, key, event_time, version_time, parent, any_of (one of them must be given)
      column   required, at_least_zero, has_happened (not after the load), known_later (an instant
               after the row's own event, so not yet known at an earlier `as_of`), known_with (known
               only since that instant), is_personal, case (upper or lower: words are compared),
               erase (what goes with a person who asks to be forgotten, see erasure.sql)
-#}
{% macro landing() %}
{%- set table = model.name | replace('raw_', '', 1) -%}
{%- set relation = landing_relation(table) -%}
{%- if not execute or not model.columns -%}
    {#- Only the references matter while the project is parsed. -#}
select 1 as _parsing
{%- else -%}
{{ landing_select(model, table, relation) }}
{%- endif %}
{%- if table == 'order_items' %}
{#- What `parent` refers to has to be named while the project is parsed, when the yml is not known. #}
{%- do landing_relation('orders') %}
-- depends_on: {{ ref('raw_orders') }}
{%- endif %}
{% endmacro %}

{#-
    The rows of a raw table under their contract. `is_only_changed` leaves those whose key is in
    `changed_rows`; the key is compared before anything else is done with a row.
-#}
{% macro landing_select(contract, table, relation, is_only_changed=false) %}
{%- set meta = contract.config.meta -%}
{%- set found = landing_columns(relation, contract.columns, table) -%}
{%- set as_of = as_of_literal() -%}
with

source as (

    select
        {%- for column in contract.columns.values() %}
        {{ landing_cast(column, found) }} as {{ column.name }},
        {%- endfor %}
        {%- for column in contract.columns.values() if landing_has_given(column) %}
        {{ adapter.quote(found[column.name].name) if column.name in found else 'cast(null as ' ~ dbt.type_string() ~ ')' }}
            as given__{{ column.name }},
        {%- endfor %}
        {%- for name in found if name.startswith('x_') %}
        {{ landing_text(found[name]) }} as {{ adapter.quote(name) }},
        {%- endfor %}
        {{ landing_cast(loaded_at_column(), found) }} as _loaded_at,
        {{ landing_cast({'name': '_source_file', 'data_type': 'string', 'config': {'meta': {}}}, found) }} as _source_file,
        {#- As it came: a filter on it then skips what it does not ask for. #}
        {{ adapter.quote(found['_load_id'].name) if landing_is_text(found.get('_load_id', {'type': ''}).type)
            else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as _load_id
    {%- set rows = without_erased(relation, found, contract.columns) %}
    from {{ with_changed_keys(rows, contract, table, found) if is_only_changed and relation else rows }}

),

checked as (

    select
        {%- for column in contract.columns.values() %}
        {%- if as_of and column.config.meta.known_with %}
        case
            when {{ column.config.meta.known_with }} is null or {{ column.config.meta.known_with }} < {{ as_of }}
                then {{ column.name }}
        end as {{ column.name }},
        {%- elif as_of and column.config.meta.known_later %}
        case when {{ column.name }} < {{ as_of }} then {{ column.name }} end as {{ column.name }},
        {%- else %}
        {{ column.name }},
        {%- endif %}
        {%- endfor %}
        {%- for name in found if name.startswith('x_') %}
        {{ adapter.quote(name) }},
        {%- endfor %}
        {%- for column in contract.columns.values() if landing_has_given(column) %}
        given__{{ column.name }},
        {%- endfor %}
        _loaded_at,
        _source_file,
        _load_id,
        {{ landing_row_key(contract) }} as _row_key,
        {{ landing_fault(contract.columns, found, meta.any_of) }} as _contract_fault
    from source

)

select * from checked
{%- if as_of %}
where
    1 = 1
    {%- for name in [meta.event_time, meta.version_time] if name %}
    {%- if landing_type(contract.columns[name]) == 'date' %}
    and ({{ name }} is null or {{ name }} <= {{ as_of_business_date_literal() }})
    {%- else %}
    and ({{ name }} is null or {{ name }} < {{ as_of }})
    {%- endif %}
    {%- endfor %}
    {%- if meta.parent %}
    {#- A row without a time of its own comes and goes with its parent. #}
    {%- set parent_key = meta.parent[:-1] ~ '_id' %}
    {%- set parent_text = trimmed('cast(every_parent.' ~ parent_key ~ ' as ' ~ dbt.type_string() ~ ')') %}
    and not exists (
        select 1
        from {{ landing_table(meta.parent) }} as every_parent
        left join {{ existing('raw_' ~ meta.parent) }} as known_parent
            on {{ parent_text }} = known_parent.{{ parent_key }}
        where
            known_parent.{{ parent_key }} is null
            and {{ parent_text }} = checked.{{ parent_key }}
    )
    {%- endif %}
{%- endif %}
{% endmacro %}

{#-
    The key of a raw row as one text: of columns as landing has them, or, when `found` is given, as
    they came.
-#}
{% macro landing_row_key(contract, found=none) -%}
    {%- set parts = [] -%}
    {%- set names = contract.config.meta.key -%}
    {%- for name in names -%}
        {%- set column = contract.columns[name] -%}
        {%- set own = landing_cast(column, found) | trim if found is not none else name -%}
        {%- if landing_type(column) != 'string' -%}
            {%- set own = 'cast(' ~ own ~ ' as ' ~ dbt.type_string() ~ ')' -%}
        {%- endif -%}
        {%- do parts.append('coalesce(' ~ own ~ ", '')" if names | length > 1 else own) -%}
    {%- endfor -%}
    {{ parts | join(" || '|' || ") }}
{%- endmacro %}

{#- Where the rows of a raw table are; none when an optional table is not there. -#}
{% macro landing_relation(table) %}
    {%- if var('use_sample') -%}
        {%- if table in ('loads', 'erasures') -%}
            {{ return(none) }}
        {%- endif -%}
        {%- do ref('sample_' ~ table) -%}
    {%- else -%}
        {%- do source('raw', table) -%}
    {%- endif -%}
    {%- if not execute -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set relation = landing_table(table) -%}
    {%- if relation is none and model.config.meta.required -%}
        {{ exceptions.raise_compiler_error(
            "The required raw table " ~ source('raw', table).schema ~ "." ~ table ~ " is not there. Load it with "
            ~ "`lifecycle load PATH`, or build the sample company with use_sample: true."
        ) }}
    {%- endif -%}
    {{ return(relation) }}
{% endmacro %}

{#- The same, for models that read the landing model of the table and need not name its source. -#}
{% macro landing_table(table) %}
    {%- if var('use_sample') -%}
        {%- set node = graph.nodes.get('seed.customer_lifecycle.sample_' ~ table) -%}
        {{ return(adapter.get_relation(node.database, node.schema, node.alias) if node else none) }}
    {%- endif -%}
    {%- set node = graph.sources['source.customer_lifecycle.raw.' ~ table] -%}
    {{ return(adapter.get_relation(node.database, node.schema, node.identifier)) }}
{% endmacro %}

{#- The columns that are there: {name: type in lower case}. Stops when a required one is not. -#}
{% macro landing_columns(relation, contract, table) %}
    {%- set found = {} -%}
    {%- if relation is not none -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- do found.update({column.name | lower: {'name': column.name, 'type': column.dtype | lower}}) -%}
        {%- endfor -%}
        {%- for column in contract.values() if column.config.meta.required and column.name not in found -%}
            {{ exceptions.raise_compiler_error(
                "The raw table " ~ table ~ " has no column " ~ column.name ~ ", which the contract in "
                ~ "models/landing/raw_" ~ table ~ ".yml requires. Its columns are: "
                ~ found.keys() | join(', ') ~ "."
            ) }}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{% endmacro %}

{#- The contract's word for a column's type: dbt hands over its own words for some of them. -#}
{% macro landing_type(column) -%}
    {%- set word = column.data_type | lower -%}
    {{ return({'text': 'string', 'int': 'integer'}.get(word, word)) }}
{%- endmacro %}

{#- A column as it came, as trimmed text, NULL when blank. -#}
{% macro landing_text(found) -%}
    {%- set quoted = adapter.quote(found.name) -%}
    {{ trimmed(quoted if landing_is_text(found.type) else 'cast(' ~ quoted ~ ' as ' ~ dbt.type_string() ~ ')') }}
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
            {%- do clauses.append([given_text(name) ~ " is not null and " ~ name ~ " is null",
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

{#- What came for a column that is not text, as trimmed text. -#}
{% macro given_text(name) -%}
    {{ trimmed('cast(' ~ (name if '.' in name else 'given__' ~ name) ~ ' as ' ~ dbt.type_string() ~ ')') }}
{%- endmacro %}

{#-
    A row of a landing model as it came, as JSON, personal columns masked. Built from the columns
    only where it is asked for: as a column of the view it would be computed for every row below
    every join.
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
            {%- set text = given_text(alias ~ '.given__' ~ column.name) if landing_has_given(column) else own -%}
            {%- set value = json_string(text) -%}
            {%- if masked -%}
                {#- A row shifted by a column has an address anywhere. -#}
                {%- set value = "case when " ~ text ~ " like '%@%' then '\"***\"' else " ~ value ~ " end" -%}
            {%- endif -%}
        {%- endif -%}
        {%- do parts.append("'\"" ~ column.name ~ "\": ' || " ~ value) -%}
    {%- endfor -%}
    {{ json_document("'{' || " ~ parts | join(" || ', ' || ") ~ " || '}'") }}
{%- endmacro %}
