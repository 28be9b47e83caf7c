{#-
    The input contract made executable: one view per raw table.

    The contract is the model's own yml. The rows come from the sample seed, from the company's
    table, or, when an optional table is not there, from nowhere. Every column arrives with its
    contract type; a row that breaks the contract keeps its place and says so in `_contract_fault`.

    Added columns: `_row_key` (the key as one text), `_contract_fault` (the first broken clause, NULL
    when none), `given__<column>` (what came for a column that is not text, trimmed), `_loaded_at`,
    `_source_file`, `_load_id`. The row as it came is put together by `landed_row()`, where somebody asks for it.

    What is read from the yml, under `config.meta`:
      model    required, key, event_time, version_time, parent, any_of (one of them must be given),
               written_at (when the project itself wrote a row)
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

{#- A text is trimmed once: what is made of it names it often, and a name costs no planning. -#}
{%- set trimmed_texts = {} %}
source as (

    select
        {%- for name, column in found.items()
            if name in contract.columns or name.startswith('x_') or name in ('_loaded_at', '_source_file') %}
        {%- set is_text = landing_is_text(column.type) %}
        {%- do trimmed_texts.update({name: {'name': name, 'type': column.type, 'is_trimmed': is_text}}) %}
        {{ landing_text(column) if is_text else adapter.quote(column.name) }} as {{ adapter.quote(name) }},
        {%- endfor %}
        {#- As it came: a filter on it then skips what it does not ask for. #}
        {{ adapter.quote(found['_load_id'].name) if landing_is_text(found.get('_load_id', {'type': ''}).type)
            else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as _load_id
    {%- set rows = without_erased(relation, found, contract.columns) %}
    from {{ with_changed_keys(rows, contract, table, found) if is_only_changed and relation else rows }}

),

typed as (

    select
        {%- for column in contract.columns.values() %}
        {{ landing_cast(column, trimmed_texts) }} as {{ column.name }},
        {%- endfor %}
        {%- for column in contract.columns.values() if landing_has_given(column) %}
        {{ adapter.quote(column.name) if column.name in found else 'cast(null as ' ~ dbt.type_string() ~ ')' }}
            as given__{{ column.name }},
        {%- endfor %}
        {%- for name in found if name.startswith('x_') %}
        {{ landing_text(trimmed_texts[name]) }} as {{ adapter.quote(name) }},
        {%- endfor %}
        {{ landing_cast(loaded_at_column(), trimmed_texts) }} as _loaded_at,
        {{ landing_cast({'name': '_source_file', 'data_type': 'string', 'config': {'meta': {}}}, trimmed_texts) }} as _source_file,
        _load_id
    from source

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
    from typed

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
