{#-
    The mistakes in a rule seed as a test: one row each, with a sentence in `problem` that says which
    file, row and column, and what to change. The sentences are also logged: of a test that fails
    dbt only says how many rows it found.

    A test that reads one seed alone fails before anything is built that reads the seed.

      seed       its name; the file is <seed>.csv
      key        the columns that name a row
      clauses    pairs of a condition that is a mistake and what to say of it; {column} stands for
                 the cell
      is_spoken  whether the key is a word of the sources, which landing writes in lower case
      queries    more SELECTs of one column `problem`, over the CTE `seed` and those of `steps`
      steps      more CTEs, without the comma at their end
-#}
{% macro seed_problems(seed, key, clauses=[], is_spoken=false, queries=[], steps='') %}
{%- set relation = ref(seed) -%}
{%- set file = seed ~ '.csv' -%}
{%- set named = [] -%}
{%- for column in key -%}
    {%- do named.append("coalesce(cast(" ~ column ~ " as " ~ dbt.type_string() ~ "), '')") -%}
{%- endfor -%}
{%- set row = named | join(" || ' ' || ") -%}
{%- set every = [(key[0] ~ " is null", key[0] ~ " is empty: name it, or remove the row")] -%}
{%- if is_spoken -%}
    {%- do every.append((
        key[0] ~ " <> lower(trim(" ~ key[0] ~ "))",
        "write it in lower case without blanks around it, as the words of the sources are compared",
    )) -%}
{%- endif -%}

{%- set problems %}
with

{% if steps -%}
{{ steps }},

{% endif -%}
seed as (

    select * from {{ relation }}

),

repeated as (

    select
        {{ key | join(', ') }},
        count(*) as occurrences
    from seed
    group by {{ key | join(', ') }}
    having count(*) > 1

),

problems as (

    {% for condition, sentence in every + clauses -%}
    select '{{ file }}, ' || {{ row }} || ': {{ seed_sentence(sentence) }}.' as problem
    from seed
    where {{ condition }}

    union all

    {% endfor -%}
    {% for query in queries -%}
    {{ query }}

    union all

    {% endfor -%}
    select '{{ file }}, ' || {{ row }} || ': stands there ' || cast(occurrences as {{ dbt.type_string() }})
        || ' times: keep one of the rows.' as problem
    from repeated

)

select problem from problems
{%- endset -%}

{{ said_problems(problems, {seed: relation}) }}
{% endmacro %}

{#- A sentence as the inside of a SQL text, {column} replaced with what stands in the cell. -#}
{% macro seed_sentence(sentence) -%}
    {%- set cell = "' || coalesce(cast(\\1 as " ~ dbt.type_string() ~ "), 'empty') || '" -%}
    {{ return(modules.re.sub('[{]([a-z_]+)[}]', cell, sentence | replace("'", "''"))) }}
{%- endmacro %}

{#- The clause that a cell is one of the words. -#}
{% macro one_of(column, words, or_empty=false) -%}
    {%- set condition = column ~ " not in ('" ~ words | join("', '") ~ "')" -%}
    {{ return((
        condition if or_empty else condition ~ " or " ~ column ~ " is null",
        column ~ " is {" ~ column ~ "}: write " ~ words[:-1] | join(', ') ~ " or " ~ words[-1]
            ~ (", or leave it empty" if or_empty else ""),
    )) }}
{%- endmacro %}

{#- The clause that a cell is not empty. -#}
{% macro must_not_be_empty(column) -%}
    {{ return((column ~ " is null", column ~ " is empty: fill it in")) }}
{%- endmacro %}

{#-
    A query of sentences as a test, its sentences logged. `seeds` are the relations by name it reads;
    a column that a seed's yml declares and its file has not stops the test with a sentence.
-#}
{% macro said_problems(query, seeds) %}
    {%- set there = [] -%}
    {%- for name, relation in seeds.items() if execute and load_relation(relation) -%}
        {%- do there.append(name) -%}
        {%- set columns = adapter.get_columns_in_relation(relation) | map(attribute='name') | map('lower') | list -%}
        {%- for column in graph.nodes['seed.customer_lifecycle.' ~ name].config.column_types if column not in columns -%}
            {{ exceptions.raise_compiler_error(
                name ~ ".csv has no column " ~ column ~ ". Its columns are: " ~ columns | join(', ') ~ "."
            ) }}
        {%- endfor -%}
    {%- endfor -%}
    {%- if there | length == seeds | length and execute -%}
        {%- for row in run_query(query).rows -%}
            {%- do log(row[0], info=true) -%}
        {%- endfor -%}
    {%- endif -%}

    {{ query }}
{% endmacro %}

{#-
    Queries for `seed_problems`: a row that has to be there and is not, per word, and `other_column`
    being `other_word` where a word is not enough.
-#}
{% macro missing_rows(seed, column, words, other_column=none, other_word=none) %}
    {%- set queries = [] -%}
    {%- set label = ' of the ' ~ other_column ~ ' ' ~ other_word if other_column else '' -%}
    {%- set condition = ' and seed.' ~ other_column ~ " = '" ~ other_word ~ "'" if other_column else '' -%}
    {%- for word in words -%}
        {%- do queries.append(
            "select '" ~ seed ~ ".csv: add a row for the " ~ column ~ " " ~ word ~ label ~ ".' as problem"
            ~ " from (select 1 as one) as nothing"
            ~ " where not exists (select 1 from seed where seed." ~ column ~ " = '" ~ word ~ "'" ~ condition ~ ")"
        ) -%}
    {%- endfor -%}
    {{ return(queries) }}
{% endmacro %}

{#-
    Queries for `seed_problems` on a column of places: from 1 (or `first`) without a hole, `within` each
    value of another column.
-#}
{% macro missing_places(seed, column, first=1, within=none, condition='1 = 1') %}
    {%- set group = within ~ ', ' if within else '' -%}
    {%- set label = "', ' || " ~ within ~ " || ': " if within else "': " -%}
    {{ return([
        "select '" ~ seed ~ ".csv' || " ~ label ~ column ~ " ' || cast(place as " ~ dbt.type_string() ~ ") || ' is there, but not '"
        ~ " || cast(place - 1 as " ~ dbt.type_string() ~ ") || ': number them from " ~ first ~ " without a hole.' as problem"
        ~ " from (select " ~ group ~ column ~ " as place, lag(" ~ column ~ ") over ("
        ~ ("partition by " ~ within ~ " " if within else "") ~ "order by " ~ column ~ ") as place_before"
        ~ " from (select distinct " ~ group ~ column ~ " from seed where " ~ column ~ " is not null and " ~ condition ~ ") as places"
        ~ ") as neighbours where place > " ~ first ~ " and place > coalesce(place_before, " ~ first ~ " - 1) + 1"
    ]) }}
{% endmacro %}
