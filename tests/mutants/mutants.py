"""The mutants: one text of one file, replaced by another that is wrong but runs.

Chosen to be hard rather than many: boundaries, ties, joins that lose or multiply little, filters
of rare rows. None can be told from the project by its rows alone being equal: where a change has
no effect (a boundary twice guarded, a filter repeated further on) it is no mutant.
"""

from __future__ import annotations

from typing import NamedTuple

LANDING_TESTS = ("test_landing.py", "test_quarantine.py", "test_invariants.py")
MODELS_TESTS = ("test_lifecycle_property.py", "test_invariants.py")
TESTS_TESTS = ("test_dbt_tests.py",)
ATTRIBUTES_TESTS = ("test_attributes.py",)
CHANGES_TESTS = ("test_incremental.py",)
HARNESS_TESTS = ("test_incoming.py", "test_load.py", "test_cli.py")


class Mutant(NamedTuple):
    """One change: its kind, what it breaks in a sentence, where, the old text and the new.

    `old` stands in the file exactly once. `tests` are the pytest files that run when dbt's own
    tests notice nothing, cheapest first.
    """

    kind: str
    breaks: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = MODELS_TESTS


MUTANTS = [
    # --- landing and staging ---
    Mutant(
        "macro",
        "The offset of a time is dropped instead of applied",
        "macros/engine/try_cast.sql",
        "    try_cast({{ expression }} as timestamptz) at time zone 'UTC'",
        "    try_cast({{ expression }} as timestamp)",
        LANDING_TESTS,
    ),
    Mutant(
        "rule",
        "A row may lie two days before its load, not one",
        "macros/landing/columns.sql",
        'add_days(plain, -1) ~ " > _loaded_at"',
        'add_days(plain, -2) ~ " > _loaded_at"',
        LANDING_TESTS,
    ),
    Mutant(
        "filter",
        "A replay sees rows of its own last instant",
        "macros/landing/landing.sql",
        "and ({{ name }} is null or {{ name }} < {{ as_of }})",
        "and ({{ name }} is null or {{ name }} <= {{ as_of }})",
        LANDING_TESTS,
    ),
    Mutant(
        "filter",
        "A replay sees a cancellation that came later",
        "macros/landing/landing.sql",
        "case when {{ column.name }} < {{ as_of }} then",
        "case when {{ column.name }} is not null then",
        LANDING_TESTS,
    ),
    Mutant(
        "macro",
        "Personal columns stand readable in quarantine",
        "macros/landing/columns.sql",
        "if column.config.meta.is_personal and masked",
        "if column.config.meta.is_secret and masked",
        LANDING_TESTS,
    ),
    Mutant(
        "rule",
        "Of two versions of an order the older wins",
        "macros/landing/latest_version.sql",
        "landed.{{ version_time }} desc nulls last",
        "landed.{{ version_time }} asc nulls last",
        LANDING_TESTS,
    ),
    Mutant(
        "rule",
        "Of two loads of a row the older wins",
        "macros/landing/latest_version.sql",
        "landed._loaded_at desc nulls last",
        "landed._loaded_at asc nulls last",
        LANDING_TESTS,
    ),
    Mutant(
        "filter",
        "A faulty version hides the good one before it",
        "macros/landing/latest_version.sql",
        "    {%- endif %}\n    where landed.{{ fault }} is null\n\n),\n\nranked",
        "    {%- endif %}\n\n),\n\nranked",
        LANDING_TESTS,
    ),
    Mutant(
        "rule",
        "Repeated rows are not counted, and accounting looks away",
        "macros/landing/latest_version.sql",
        "count(*) over (partition by landed._row_key) as _versions",
        "cast(1 as bigint) as _versions",
        LANDING_TESTS,
    ),
    Mutant(
        "rule",
        "The rate of the UTC day is taken, not of the business day",
        "models/staging/base_orders.sql",
        "{{ business_date('rows_to_stage.ordered_at') }} as ordered_on",
        "cast(rows_to_stage.ordered_at as date) as ordered_on",
        LANDING_TESTS,
    ),
    Mutant(
        "join",
        "A refund that names only its line finds no order",
        "models/staging/base_refunds.sql",
        "coalesce(refunds.order_id, items.order_id) as refunded_order_id",
        "refunds.order_id as refunded_order_id",
        LANDING_TESTS,
    ),
    Mutant(
        "join",
        "A line of an order in quarantine is let in",
        "models/staging/base_order_items.sql",
        "    from {{ ref('stg_orders') }}\n",
        "    from {{ ref('base_orders') }}\n    group by order_id, rate_to_reporting\n",
        LANDING_TESTS,
    ),
    Mutant(
        "filter",
        "Merges that run in a cycle are let in",
        "models/staging/base_identity_links.sql",
        "case when latest_merges.source_id is null then jump_6.end_id end as root_id",
        "jump_6.end_id as root_id",
        LANDING_TESTS,
    ),
    Mutant(
        "rule",
        "Today begins with the day of the latest event, not after it",
        "models/intermediate/int_as_of.sql",
        "start_of_business_date(add_days_to_date('latest_on', 1))",
        "start_of_business_date('latest_on')",
    ),
    Mutant(
        "rule",
        "Of two versions at one instant both are in force",
        "macros/landing/versions.sql",
        "where superseded_at is null or valid_from < superseded_at",
        "where superseded_at is null or valid_from <= superseded_at",
        ATTRIBUTES_TESTS,
    ),
    Mutant(
        "rule",
        "Which of two rows speaks depends on their order when a company column differs",
        "macros/landing/versions.sql",
        "{{ sortable('landed.' ~ adapter.quote(name)) }} desc nulls last",
        "landed._loaded_at desc nulls last",
        ATTRIBUTES_TESTS,
    ),
    Mutant(
        "macro",
        "A personal column leaves staging when its name is written in capitals",
        "macros/landing/attributes.sql",
        "var('personal_attributes') | map('lower') | list",
        "var('personal_attributes') | list",
        ATTRIBUTES_TESTS,
    ),
    # --- who is who ---
    Mutant(
        "rule",
        "A private person with an account buys for the account",
        "models/intermediate/int_contacts.sql",
        "            when customers.customer_type = 'b2b' and customers.account_id is not null\n"
        "                then 'account:'",
        "            when customers.account_id is not null\n                then 'account:'",
    ),
    Mutant(
        "rule",
        "The last login claims the touches of all before it",
        "models/intermediate/int_identities.sql",
        "order by logins.linked_at)\n",
        "order by logins.linked_at desc)\n",
    ),
    Mutant(
        "rule",
        "A device with just as many customers as allowed is a shared one",
        "models/intermediate/int_identities.sql",
        "and devices.customers <= {{ var('max_customers_per_device') }}",
        "and devices.customers < {{ var('max_customers_per_device') }}",
    ),
    Mutant(
        "join",
        "A touch at the instant of a login belongs to both customers",
        "models/intermediate/int_interactions.sql",
        "interactions.occurred_at < devices.valid_to",
        "interactions.occurred_at <= devices.valid_to",
    ),
    # --- money ---
    Mutant(
        "rule",
        "The smallest remainders get the rest of a discount",
        "models/intermediate/int_order_items.sql",
        "order by quota - whole desc",
        "order by quota - whole asc",
    ),
    Mutant(
        "rule",
        "An order is worth its price times quantity, whatever the line says",
        "models/intermediate/int_order_items.sql",
        "'coalesce(items.line_amount, ' ~ pieces_times(",
        "'coalesce(' ~ pieces_times(",
    ),
    Mutant(
        "rule",
        "A refund is taken off an order without its exchange rate",
        "models/intermediate/int_orders.sql",
        "'refunded', 'sold', 'goods_amount - goods_discount_amount', 'rate_to_reporting'",
        "'refunded', 'sold', 'goods_amount - goods_discount_amount', '1'",
    ),
    Mutant(
        "rule",
        "A refund in full leaves what rounding leaves",
        "macros/rules/money.sql",
        "when {{ refunded }} = {{ sold }} then {{ sold_amount }}",
        "when 1 = 0 then {{ sold_amount }}",
    ),
    Mutant(
        "rule",
        "An order of which one line has no cost has the cost of the others",
        "models/intermediate/int_orders.sql",
        "case when count(cost_amount) = count(*) then sum(cost_amount) end as cost_amount",
        "sum(cost_amount) as cost_amount",
    ),
    Mutant(
        "filter",
        "Postage and gift wrap count as pieces bought",
        "models/intermediate/int_orders.sql",
        "sum(case when is_product then quantity else 0 end) as units",
        "sum(quantity) as units",
    ),
    Mutant(
        "filter",
        "An order that was cancelled but whose status does not say so counts",
        "models/intermediate/int_orders.sql",
        "coalesce(statuses.is_cancelled, false) or orders.cancelled_at is not null as is_cancelled",
        "coalesce(statuses.is_cancelled, false) as is_cancelled",
    ),
    Mutant(
        "macro",
        "An order worth nothing is a sale",
        "macros/rules/orders.sql",
        "(not {{ is_cancelled }} and not {{ is_test }} and {{ net_sales_amount }} > 0)",
        "(not {{ is_cancelled }} and not {{ is_test }} and {{ net_sales_amount }} >= 0)",
    ),
    Mutant(
        "macro",
        "An order refunded in full makes a customer",
        "macros/rules/orders.sql",
        "and {{ sold }} - {{ refunded }} > 0",
        "and {{ sold }} - {{ refunded }} >= 0",
    ),
    Mutant(
        "filter",
        "A credit note that names nobody is lost from revenue",
        "models/marts/core/fct_revenue_events.sql",
        "    where refunds.order_id is null\n",
        "    where refunds.order_id is null and contacts.customer_id is not null\n",
    ),
    # --- purchase moments and clocks ---
    Mutant(
        "rule",
        "An order at the end of the loyalty window still has the first one in it",
        "models/intermediate/int_purchase_moments.sql",
        "partition by customer_id order by step_at, is_entry\n",
        "partition by customer_id order by step_at, is_entry desc\n",
    ),
    Mutant(
        "rule",
        "Loyalty needs one order more than the policy says",
        "models/intermediate/int_purchase_moments.sql",
        "window_sums.window_moments >= thresholds.loyalty_min_orders",
        "window_sums.window_moments > thresholds.loyalty_min_orders",
    ),
    Mutant(
        "rule",
        "A clock of one's own needs one gap more than the policy says",
        "models/intermediate/int_churn_clocks.sql",
        "rhythms.gaps >= thresholds.personal_min_gaps",
        "rhythms.gaps > thresholds.personal_min_gaps",
    ),
    Mutant(
        "rule",
        "The rhythm is the median of the last eleven gaps",
        "models/intermediate/int_churn_clocks.sql",
        "past.day_number > today.day_number - 10",
        "past.day_number > today.day_number - 11",
    ),
    Mutant(
        "macro",
        "The bounds of a personal clock hold below, not above",
        "macros/rules/clocks.sql",
        "        {{ highest }}\n",
        "        greatest({{ highest }}, {{ days }})\n",
    ),
    # --- stages ---
    Mutant(
        "rule",
        "Churn begins after its instant, not at it",
        "models/intermediate/int_buyer_stages.sql",
        "when running.happens_at >= lives.churns_at then 'churn'",
        "when running.happens_at > lives.churns_at then 'churn'",
    ),
    Mutant(
        "rule",
        "An order at the very instant of churn wins back",
        "models/intermediate/int_buyer_stages.sql",
        "moments.purchased_at > moments.previous_churns_at",
        "moments.purchased_at >= moments.previous_churns_at",
    ),
    Mutant(
        "rule",
        "A complaint in the second of the order is forgotten",
        "models/intermediate/int_buyer_stages.sql",
        "running.dissatisfied_at >= lives.purchased_at",
        "running.dissatisfied_at > lives.purchased_at",
    ),
    Mutant(
        "rule",
        "Advocacy shows over a win-back",
        "models/intermediate/int_buyer_stages.sql",
        "when lives.is_winback and running.happens_at < lives.won_back_at then 'winback'",
        "when\n                lives.is_winback and running.happens_at < lives.won_back_at\n"
        "                and coalesce(running.advocate_until <= running.happens_at, true)\n"
        "                then 'winback'",
    ),
    Mutant(
        "rule",
        "Of two complaints in one second the last one names the reason",
        "models/intermediate/int_buyer_stages.sql",
        "min(case when dissatisfied_until is not null then",
        "max(case when dissatisfied_until is not null then",
    ),
    Mutant(
        "rule",
        "A touch at the very end of the window starts afresh",
        "models/intermediate/int_prospect_stages.sql",
        "case when anchored_at > previous_lapses_at then 1 else 0 end",
        "case when anchored_at >= previous_lapses_at then 1 else 0 end",
    ),
    Mutant(
        "filter",
        "An e-mail sent wakes a lost prospect",
        "models/intermediate/int_prospect_stages.sql",
        "where direction = 'inbound' or occurred_at = first_touch_at",
        "where direction is not null",
    ),
    Mutant(
        "rule",
        "A score at the bar is a low score",
        "models/intermediate/int_customer_events.sql",
        "when feedback.score < surveys.low_below then",
        "when feedback.score <= surveys.low_below then",
    ),
    Mutant(
        "filter",
        "Decline by silence after decline by a complaint is one stretch",
        "models/marts/lifecycle/lifecycle_spans.sql",
        "        stage is distinct from preceding_stage\n"
        "        or stage_detail is distinct from preceding_detail\n",
        "        stage is distinct from preceding_stage\n",
    ),
    # --- what is told of the spans ---
    Mutant(
        "filter",
        "Who changes stage at as_of itself is in none",
        "models/marts/lifecycle/lifecycle_current.sql",
        "spans.valid_to >= as_of.as_of",
        "spans.valid_to > as_of.as_of",
    ),
    Mutant(
        "filter",
        "The population loses who leaves at as_of itself",
        "models/marts/lifecycle/lifecycle_population_daily.sql",
        "case when spans.valid_to < as_of.as_of then",
        "case when spans.valid_to <= as_of.as_of then",
    ),
    Mutant(
        "join",
        "Flow misses a month's first day",
        "models/marts/lifecycle/lifecycle_flow_monthly.sql",
        "case when day_from_start = 1 then customers - entries + exits end",
        "case when day_from_start = 1 then customers end",
    ),
    Mutant(
        "join",
        "A stage's length runs from the wrong neighbour",
        "models/marts/lifecycle/lifecycle_transitions.sql",
        "            and entered.span_number = left_behind.span_number\n",
        "            and greatest(entered.span_number - 1, 2) = left_behind.span_number\n",
    ),
    Mutant(
        "rule",
        "A taxonomy has no word for one stage",
        "seeds/rules/stage_taxonomies.csv",
        "marketing,winback,,retention,Retention,维持,4,folded\n",
        "",
    ),
    # --- segments ---
    Mutant(
        "macro",
        "At most 40 days holds at the fortieth day itself",
        "macros/rules/segments.sql",
        "or {{ instant }} < {{ add_days(since, rules ~ '.max_' ~ bound) }})",
        "or {{ instant }} <= {{ add_days(since, rules ~ '.max_' ~ bound) }})",
    ),
    Mutant(
        "rule",
        "The last segment rule that matches wins",
        "models/intermediate/int_segment_points.sql",
        "min(case when {{ segment_rule_matches('rules', 'measured', 'instants.happens_at') }}",
        "max(case when {{ segment_rule_matches('rules', 'measured', 'instants.happens_at') }}",
    ),
    Mutant(
        "rule",
        "An order of exactly the bar is not high in value",
        "models/intermediate/int_segment_points.sql",
        ">= {{ var('high_value_factor') }}",
        "> {{ var('high_value_factor') }}",
    ),
    Mutant(
        "rule",
        "Buyers of equal value get different scores",
        "models/marts/segments/customer_rfm.sql",
        "rank() over (partition by customer_type order by net_amount asc)",
        "row_number() over (partition by customer_type order by net_amount asc, customer_id)",
    ),
    Mutant(
        "filter",
        "The month that is not over has a slice in history",
        "models/marts/segments/customer_segment_history.sql",
        "    where is_month_complete\n",
        "    where is_month_complete or month_start_on > date '1900-01-01'\n",
    ),
    # --- what changed ---
    Mutant(
        "filter",
        "A run that was stopped leaves nothing to do",
        "models/changes/changes_pending.sql",
        "    where own.has_changes\n",
        "    where own.has_changes and last_run.run_number < 0\n",
        CHANGES_TESTS,
    ),
    Mutant(
        "filter",
        "Tables that were not made are kept",
        "models/changes/changes_pending.sql",
        "or last_run.made_all_models = 0\n",
        "or last_run.made_all_models < 0\n",
        CHANGES_TESTS,
    ),
    Mutant(
        "filter",
        "Whom a corrected row spoke of before is forgotten",
        "models/changes/changed_ids.sql",
        "{% for side in ['before', 'after'] -%}",
        "{% for side in ['after'] -%}",
        CHANGES_TESTS,
    ),
    Mutant(
        "filter",
        "What a stopped run had found is forgotten",
        "models/changes/changed_ids.sql",
        "on pending.since_run = last_run.run_number",
        "on pending.since_run > last_run.run_number",
        CHANGES_TESTS,
    ),
    Mutant(
        "filter",
        "An id that left a customer touches only the one it came to",
        "models/changes/changed_identities.sql",
        "    from vanished\n",
        "    from vanished\n    where 1 = 0\n",
        CHANGES_TESTS,
    ),
    Mutant(
        "filter",
        "Another cost of a product leaves the orders as they were",
        "models/changes/changed_orders.sql",
        "where items.product_id in (select changed_products.row_key from changed_products)",
        "where 1 = 0",
        CHANGES_TESTS,
    ),
    Mutant(
        "filter",
        "Another fit leaves the customers as they were",
        "models/changes/changed_customers.sql",
        "    where completed_parameters.parameter is null\n    union\n",
        "    where completed_parameters.parameter is null and 1 = 0\n    union\n",
        CHANGES_TESTS,
    ),
    Mutant(
        "filter",
        "A row that is gone stays staged",
        "models/changes/changed_rows.sql",
        "where versions.row_count is distinct from staged._versions",
        "where versions.row_count is distinct from staged._versions and 1 = 0",
        CHANGES_TESTS,
    ),
    Mutant(
        "filter",
        "A row in quarantine stays there when its cause is gone",
        "models/changes/changed_rows.sql",
        "    from {{ kept }}\n    where table_name = '{{ table }}'\n",
        "    from {{ kept }}\n    where table_name = '{{ table }}' and 1 = 0\n",
        CHANGES_TESTS,
    ),
    Mutant(
        "filter",
        "Another exchange rate leaves the orders as they were",
        "models/changes/changed_rows.sql",
        "and staged.rate_to_reporting is distinct from day_rates.rate_to_reporting",
        "and staged.rate_to_reporting is distinct from day_rates.rate_to_reporting and 1 = 0",
        CHANGES_TESTS,
    ),
    Mutant(
        "macro",
        "Touched rows come, and the old ones stay",
        "macros/changes/touched.sql",
        "delete from {{ target }} where {{ condition }};",
        "delete from {{ target }} where {{ condition }} and 1 = 0;",
        CHANGES_TESTS,
    ),
    # --- dimensions, facts, quality ---
    Mutant(
        "join",
        "A product that only a click names has no row",
        "models/marts/core/dim_products.sql",
        "    union\n    select id as product_id from {{ ref('int_mentions') }}\n"
        "    where id_kind = 'product'\n",
        "",
    ),
    Mutant(
        "rule",
        "A merged id speaks for the person, not the surviving one",
        "models/marts/core/dim_customers.sql",
        "case when contacts.contact_id = contacts.root_contact_id then 0 else 1 end",
        "case when contacts.contact_id = contacts.root_contact_id then 1 else 0 end",
    ),
    Mutant(
        "rule",
        "A visit exactly at the timeout is a new session",
        "models/marts/core/fct_sessions.sql",
        "                when occurred_at > {{ add_minutes(",
        "                when occurred_at >= {{ add_minutes(",
    ),
    Mutant(
        "macro",
        "One address in two spellings has two hashes",
        "macros/engine/text.sql",
        '|| lower(" ~ expression ~ ")"',
        '|| (" ~ expression ~ ")"',
        LANDING_TESTS,
    ),
    Mutant(
        "join",
        "Quarantine counts the rows of landing that base refuses as let in",
        "macros/landing/raw_tables.sql",
        "'order_items': 'base_order_items'",
        "'order_items': 'raw_order_items'",
        LANDING_TESTS,
    ),
    Mutant(
        "rule",
        "Churn is fitted at the quantile of decline",
        "macros/rules/fit.sql",
        "('churn', row[2])",
        "('churn', row[1])",
        ("test_invariants.py",),
    ),
    # --- tests that test less ---
    Mutant(
        "test",
        "Spans with a hole between them pass",
        "tests/generic/contiguous_spans.sql",
        "        or valid_to is distinct from next_valid_from\n",
        "",
        TESTS_TESTS,
    ),
    Mutant(
        "test",
        "A combination may occur twice",
        "tests/generic/unique_combination.sql",
        "having count(*) > 1",
        "having count(*) > 2",
        TESTS_TESTS,
    ),
    Mutant(
        "test",
        "Nobody looks whether a customer is current once",
        "models/marts/lifecycle/lifecycle_current.yml",
        "data_tests: [unique]",
        "data_tests: []",
        TESTS_TESTS,
    ),
    Mutant(
        "test",
        "The accounting test forgets the quarantine",
        "tests/data/row_accounting_adds_up.sql",
        "where raw_rows != staged_rows + duplicate_rows + quarantined_rows + erased_rows",
        "where raw_rows < staged_rows + duplicate_rows",
        TESTS_TESTS,
    ),
    # --- the harness ---
    Mutant(
        "harness",
        "The same content is loaded again",
        "lifecycle/incoming.py",
        "        if _key(source) in known.loads:\n",
        "        if _key(source) in known.loads and not source.files:\n",
        HARNESS_TESTS,
    ),
    Mutant(
        "harness",
        "A file is taken for the old one as long as it has the same size",
        "lifecycle/files.py",
        'return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}"',
        'return f"{status.st_size}"',
        HARNESS_TESTS,
    ),
    Mutant(
        "harness",
        "A load that fails keeps what it has moved so far",
        "lifecycle/tables.py",
        'con.execute("rollback")',
        'con.execute("commit")',
        HARNESS_TESTS,
    ),
    Mutant(
        "harness",
        "A message of the database shows the value it refuses",
        "lifecycle/errors.py",
        "    message = ABOUT_VALUES.sub(lambda found: _masked(found[0]), message)\n",
        "",
        HARNESS_TESTS,
    ),
    Mutant(
        "harness",
        "A build forgets the variables that a mapping brought",
        "lifecycle/build.py",
        "            values = settings | values\n",
        "            values = dict(values)\n",
        HARNESS_TESTS,
    ),
    Mutant(
        "harness",
        "A quote in a file's name ends the SQL text",
        "lifecycle/files.py",
        """return "'" + str(text).replace("'", "''") + "'\"""",
        """return "'" + str(text) + "'\"""",
        HARNESS_TESTS,
    ),
]
