{#-
    What landing leaves out because a person asked to be forgotten.

    `lifecycle build` takes an erased person out of every raw table that it may change, and keeps a
    salted hash of each id in `_tombstones` beside them. A table that another tool fills (it has no
    `_load_id`) brings the rows again, so they are left out here, as long as there are tombstones;
    without, nothing is added to the query.

    What goes is said in the contract, per column and kind of id, under `config.meta.erase`:
      row              the row goes
      contact          the row goes; of a contact of an account a placeholder stays, see below
      unless_customer  the row goes, or only this cell where `customer_id` names somebody who stays
      guest            the row stays as nobody's: this cell, personal and own columns are emptied
      mention          only this cell is emptied: the row is somebody else's
      part             the row is part of such a guest's order: personal and own columns are emptied

    Orders of an account's contact stay the account's: they name the placeholder
    `erased:<account_id>` instead, of which the customers table has a row with nothing but the account.
-#}

{#- A one-way fingerprint of an id, of another kind another one. Unlike addresses, ids have a case. -#}
{% macro tombstone_hash(id_kind, expression) -%}
    {{ return(adapter.dispatch('sha256', 'customer_lifecycle')(
        "'" ~ env_var('LIFECYCLE_PII_SALT', 'lifecycle') ~ id_kind ~ ":' || " ~ expression
    )) }}
{%- endmacro %}

{#- A raw table to select from: itself, or, where another tool fills it, without erased persons. -#}
{% macro without_erased(relation, found, columns) %}
    {%- set rules = erasure_rules(relation, found, columns) -%}
    {%- if not rules -%}
        {{ return(relation or '(select 1 as nothing) as no_table where 1 = 0') }}
    {%- endif -%}
    {%- set guests = [] -%}
    {%- for rule in rules if rule.what in ('guest', 'part') -%}
        {%- do guests.append(rule.hit) -%}
    {%- endfor -%}
    {%- set cells = [] -%}
    {%- for name, column in found.items() -%}
        {%- set own = 'every_row.' ~ adapter.quote(column.name) -%}
        {%- set cases = [] -%}
        {%- for rule in rules -%}
            {%- if rule.what == 'contact' and name not in ('_loaded_at', '_source_file') -%}
                {%- set kept = {
                    rule.column: rule.placeholder,
                    'account_id': 'substr(' ~ rule.placeholder ~ ', 8)',
                    'customer_type': "'b2b'",
                } -%}
                {%- do cases.append('when ' ~ rule.hit ~ ' then ' ~ kept.get(name, 'null')) -%}
            {%- elif rule.column == name and rule.what == 'guest' -%}
                {%- do cases.append('when ' ~ rule.hit ~ ' then ' ~ rule.placeholder) -%}
            {%- elif rule.column == name and rule.what in ('mention', 'unless_customer') -%}
                {%- do cases.append('when ' ~ rule.hit ~ ' then null') -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if guests and (name.startswith('x_') or (name in columns and columns[name].config.meta.is_personal)) -%}
            {%- do cases.append('when ' ~ guests | join(' or ') ~ ' then null') -%}
        {%- endif -%}
        {%- do cells.append(
            ('case ' ~ cases | join(' ') ~ ' else ' ~ own ~ ' end' if cases else own)
            ~ ' as ' ~ adapter.quote(column.name)
        ) -%}
    {%- endfor -%}
    {{ return(
        '(select ' ~ cells | join(', ') ~ ' from ' ~ erasure_from(relation, rules)
        ~ ' where not ' ~ erasure_goes(rules) ~ ') as kept'
    ) }}
{% endmacro %}

{#- The number of rows that landing leaves out of a raw table, as a query; none when it is nothing. -#}
{% macro erased_rows_query(relation, found, columns) %}
    {%- set rules = erasure_rules(relation, found, columns) -%}
    {{ return(
        'select count(*) from ' ~ erasure_from(relation, rules) ~ ' where ' ~ erasure_goes(rules) if rules
    ) }}
{% endmacro %}

{#- What the contract says of the columns that are there; nothing where nothing is to be left out. -#}
{% macro erasure_rules(relation, found, columns) %}
    {%- set rules = [] -%}
    {%- if relation is none or var('use_sample') or '_load_id' in found -%}
        {{ return(rules) }}
    {%- endif -%}
    {%- set personal = [] -%}
    {%- for name in found if name.startswith('x_') or (name in columns and columns[name].config.meta.is_personal) -%}
        {%- do personal.append(name) -%}
    {%- endfor -%}
    {%- for column in columns.values() if column.name in found -%}
        {%- for id_kind, what in (column.config.meta.erase or {}).items() if what != 'part' or personal -%}
            {%- set tombstone = 'tombstone_' ~ rules | length -%}
            {%- do rules.append({
                'column': column.name, 'id_kind': id_kind, 'what': what,
                'id': landing_text(found[column.name]), 'tombstone': tombstone,
                'hit': tombstone ~ '.id_hash is not null', 'placeholder': tombstone ~ '.placeholder_id',
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(rules if rules and has_tombstones(relation) else []) }}
{% endmacro %}

{% macro tombstones_of(relation) %}
    {{ return(adapter.get_relation(relation.database, relation.schema, '_tombstones')) }}
{% endmacro %}

{% macro has_tombstones(relation) %}
    {%- set tombstones = tombstones_of(relation) -%}
    {{ return(
        tombstones is not none
        and run_query('select count(*) from ' ~ tombstones).columns[0].values()[0] > 0
    ) }}
{% endmacro %}

{#- The rows of a raw table, each with the tombstones of the ids that it names. -#}
{% macro erasure_from(relation, rules) %}
    {%- set joins = [] -%}
    {%- for rule in rules -%}
        {%- do joins.append(
            ' left join ' ~ tombstones_of(relation) ~ ' as ' ~ rule.tombstone
            ~ ' on ' ~ rule.tombstone ~ ".id_kind = '" ~ rule.id_kind ~ "' and "
            ~ rule.tombstone ~ '.id_hash = ' ~ tombstone_hash(rule.id_kind, rule.id)
        ) -%}
    {%- endfor -%}
    {{ return(relation ~ ' as every_row' ~ joins | join('')) }}
{% endmacro %}

{#- Whether a row goes. -#}
{% macro erasure_goes(rules) %}
    {%- set goes = [] -%}
    {%- set known = rules | selectattr('column', 'equalto', 'customer_id') | list -%}
    {%- for rule in rules -%}
        {%- if rule.what == 'row' -%}
            {%- do goes.append(rule.hit) -%}
        {%- elif rule.what == 'contact' -%}
            {%- do goes.append('(' ~ rule.hit ~ ' and ' ~ rule.placeholder ~ ' is null)') -%}
        {%- elif rule.what == 'unless_customer' -%}
            {%- do goes.append('(' ~ rule.hit ~ (' and ' ~ known[0].id ~ ' is null' if known else '') ~ ')') -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return('(' ~ (goes | join(' or ') or '1 = 0') ~ ')') }}
{% endmacro %}
