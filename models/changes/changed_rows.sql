{#-
    A delta looks for them; a full run reads every row and needs no list. What an earlier run found
    and did not complete is still to be done: it stays until a run is complete.
-#}
{%- set last = existing('completed_run') if is_delta_run() -%}
{%- set kept = existing('quarantined_rows') if last -%}
{%- set text = dbt.type_string() -%}
{{- after('changed_anything') -}}
{%- for name in ['raw_products', 'stg_products', 'stg_exchange_rates'] %}{{ after(name) }}{% endfor -%}
{%- for table in staged_by_row() %}{{ after('raw_' ~ table) }}{% endfor -%}
with

loads as (

    select * from {{ ref('landed_loads') }}

),

{% if last -%}
losing_tables as (

    select table_name from loads
    where has_lost_rows
    group by table_name

),

{% for table, about in staged_by_row().items() -%}
{%- set staged = existing('stg_' ~ table) -%}
-- Where rows went, staging has more versions of a key than landing. Of the other tables nothing is read.
{{ table }}_versions as (

    select
        landed._row_key as row_key,
        1 as landed_versions,
        0 as staged_versions
    from {{ ref('raw_' ~ table) }} as landed
    inner join losing_tables
        on losing_tables.table_name = '{{ table }}'

    union all

    select
        staged.{{ about.key }} as row_key,
        0 as landed_versions,
        staged._versions as staged_versions
    from {{ staged }} as staged
    inner join losing_tables
        on losing_tables.table_name = '{{ table }}'

),

{{ table }}_rows as (

    select coalesce(landed._row_key, '') as row_key
    from {{ ref('raw_' ~ table) }} as landed
    where
        landed._load_id in (
            select loads.load_id from loads
            where loads.table_name = '{{ table }}' and loads.is_changed and loads.load_id is not null
        )

    union

    select coalesce(landed._row_key, '') as row_key
    from {{ ref('raw_' ~ table) }} as landed
    where
        landed._load_id is null
        and (
            landed._loaded_at is null
            or landed._loaded_at in (
                select loads.loaded_at from loads
                where
                    loads.table_name = '{{ table }}' and loads.is_changed
                    and loads.load_id is null and loads.loaded_at is not null
            )
        )

    union

    select row_key
    from {{ table }}_versions
    group by row_key
    having max(staged_versions) > 0 and sum(landed_versions) != sum(staged_versions)

    union

    -- A row in quarantine may have been waiting for what came now.
    select coalesce(row_key, '') as row_key
    from {{ kept }}
    where table_name = '{{ table }}'
    {%- if table == 'orders' %}

    union

    -- The rate of its day is another one now.
    select staged.order_id as row_key
    from {{ staged }} as staged
    left join {{ ref('stg_exchange_rates') }} as day_rates
        on
            staged.ordered_on = day_rates.rate_on
            and staged.currency = day_rates.currency
    where
        staged.currency != '{{ var('reporting_currency') }}'
        and staged.rate_to_reporting is distinct from day_rates.rate_to_reporting
    {%- elif table == 'order_items' %}

    union

    select staged.order_item_id as row_key
    from {{ staged }} as staged
    where staged.order_id in (select orders_rows.row_key from orders_rows)
    {%- elif table == 'refunds' %}

    union

    select staged.refund_id as row_key
    from {{ staged }} as staged
    where
        staged.order_id in (select orders_rows.row_key from orders_rows)
        or staged.order_item_id in (select order_items_rows.row_key from order_items_rows)
    {%- endif %}

),

{% endfor -%}
-- Products whose cost, or whether they are one, is not what the orders were valued with.
products_rows as (

    select coalesce(products.product_id, described.product_id) as row_key
    from {{ ref('stg_products') }} as products
    full outer join {{ existing('dim_products') }} as described
        on products.product_id = described.product_id
    where
        products.unit_cost is distinct from described.unit_cost_amount
        or coalesce(products.is_product, true) is distinct from coalesce(described.is_product, true)

),

found as (

    {% for table in staged_by_row() -%}
    select
        '{{ table }}' as table_name,
        row_key
    from {{ table }}_rows
    union
    {% endfor -%}
    select
        'products' as table_name,
        row_key
    from products_rows
    union
    {{ pending(['table_name', 'row_key']) }}

),

changed as (

    select
        table_name,
        row_key,
        {{ last_run_number() }} as since_run
    from found

)
{%- else -%}
changed as (

    select
        cast(table_name as {{ text }}) as table_name,
        cast(null as {{ text }}) as row_key,
        {{ last_run_number() }} as since_run
    from loads
    where 1 = 0

)
{%- endif %}

select * from changed
