{#- A text without blanks, tabs and line ends around it, NULL when nothing is left. -#}
{% macro trimmed(expression) -%}
    nullif({{ adapter.dispatch('trim_of', 'customer_lifecycle')(expression, blanks() | join(' || ')) }}, '')
{%- endmacro %}

{% macro blanks() %}
    {{ return(["' '", 'chr(9)', 'chr(10)', 'chr(13)', 'chr(160)']) }}
{% endmacro %}

{#- Whether a text is another one when it is trimmed. -#}
{% macro has_blanks_around(expression) -%}
    (
        {{ expression }} is null or {{ expression }} = ''
        {%- for blank in blanks() %}
        or {{ expression }} like {{ blank }} || '%' or {{ expression }} like '%' || {{ blank }}
        {%- endfor %}
    )
{%- endmacro %}

{% macro default__trim_of(expression, characters) -%}
    trim({{ expression }}, {{ characters }})
{%- endmacro %}

{% macro postgres__trim_of(expression, characters) -%}
    btrim({{ expression }}, {{ characters }})
{%- endmacro %}

{% macro spark__trim_of(expression, characters) -%}
    trim(both {{ characters }} from {{ expression }})
{%- endmacro %}

{#- A text that sorts by its bytes on every engine, whatever the server's collation. -#}
{% macro sortable(expression) -%}
    {{ return(adapter.dispatch('sortable', 'customer_lifecycle')(expression)) }}
{%- endmacro %}

{% macro default__sortable(expression) -%}
    {{ expression }}
{%- endmacro %}

{% macro postgres__sortable(expression) -%}
    {{ expression }} collate "C"
{%- endmacro %}

{#-
    A text as a JSON string, but for its control characters, which `json_document` writes; NULL
    becomes null. Written out because no two engines agree.
-#}
{% macro json_string(expression) -%}
    {%- set backslash = 'chr(92)' -%}
    {%- set escaped = 'replace(' ~ expression ~ ', ' ~ backslash ~ ', ' ~ backslash ~ ' || ' ~ backslash ~ ')' -%}
    coalesce('"' || replace({{ escaped }}, chr(34), {{ backslash }} || chr(34)) || '"', 'null')
{%- endmacro %}

{#-
    A JSON text put together from `json_string`s. Control characters stand nowhere but in the
    strings, so they are escaped once for all of them.
-#}
{% macro json_document(expression) -%}
    {%- set letters = {8: 'b', 9: 't', 10: 'n', 12: 'f', 13: 'r'} -%}
    {%- set ns = namespace(text=expression) -%}
    {%- for code in range(first_character(), 32) -%}
        {%- set escape = letters.get(code, 'u%04x' % code) -%}
        {%- set ns.text = 'replace(' ~ ns.text ~ ', chr(' ~ code ~ "), chr(92) || '" ~ escape ~ "')" -%}
    {%- endfor -%}
    {{ ns.text }}
{%- endmacro %}

{#- The first character that a text may hold: Postgres has no NUL. -#}
{% macro first_character() -%}
    {{ return(adapter.dispatch('first_character', 'customer_lifecycle')()) }}
{%- endmacro %}

{% macro default__first_character() -%}
    {{ return(0) }}
{%- endmacro %}

{% macro postgres__first_character() -%}
    {{ return(1) }}
{%- endmacro %}

{#- A one-way fingerprint of something that identifies a person. -#}
{% macro pii_hash(expression) -%}
    {{ return(adapter.dispatch('sha256', 'customer_lifecycle')(
        "'" ~ env_var('LIFECYCLE_PII_SALT', 'lifecycle') ~ "' || lower(" ~ expression ~ ")"
    )) }}
{%- endmacro %}

{% macro default__sha256(expression) -%}
    sha256({{ expression }})
{%- endmacro %}

{% macro postgres__sha256(expression) -%}
    encode(sha256(convert_to({{ expression }}, 'UTF8')), 'hex')
{%- endmacro %}

{% macro spark__sha256(expression) -%}
    sha2({{ expression }}, 256)
{%- endmacro %}

{#- The values of a group as one text, sorted by their bytes, NULLs left out. -#}
{% macro ordered_list(expression) -%}
    {{ return(adapter.dispatch('ordered_list', 'customer_lifecycle')(expression)) }}
{%- endmacro %}

{% macro default__ordered_list(expression) -%}
    coalesce(string_agg({{ expression }}, ',' order by {{ sortable('(' ~ expression ~ ')') }}), '')
{%- endmacro %}

{% macro spark__ordered_list(expression) -%}
    coalesce(array_join(array_sort(collect_list({{ expression }})), ','), '')
{%- endmacro %}
