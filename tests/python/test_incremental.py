"""Incremental equals full: random companies in random batches, every table, row for row.

One dbt run compiles the models for a full run, a second one for a delta; both are dbt's own SQL,
executed again here on whatever raw rows are there. Nearly all a run costs is planning, whatever
the rows, so that several random companies come in the same batches, each with ids of its own.
LIFECYCLE_BATCH_CASES times LIFECYCLE_BATCH_COMPANIES are tried. With more than one case, the
real data set comes month by month, else four months at once.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pandas as pd
import pytest
from test_real_data import local_folder, run_mapping
from warehouse import (
    compiled_models,
    read_company,
    run_dbt,
    tables_of,
    write_raw,
)

from lifecycle.generate import generate

CASES = int(os.environ.get("LIFECYCLE_BATCH_CASES", "1"))
COMPANIES = int(os.environ.get("LIFECYCLE_BATCH_COMPANIES", "3"))
MONTHS_AT_ONCE = 1 if CASES > 1 else 4
KILLS = int(os.environ.get("LIFECYCLE_KILLS", "2"))
VARIABLES = {"use_sample": False, "quarantine_share_limit": 1.0}
# What says how a run came about differs between a delta and a full run, and is no mart.
LAYERS = ("staging", "intermediate", "marts")

Row = dict[str, Any]
Tables = dict[str, list[Row]]


class Step(NamedTuple):
    """A model of a run: its kind, its name, its SELECT, and what an incremental one does then."""

    kind: str
    name: str
    select: str
    finish: str


# One number for the marts that everything else leads to.
FINGERPRINT = "select " + " + ".join(
    f"(select sum(cast(hash(t) as hugeint)) from marts.{table} as t)"
    for table in [
        "lifecycle_spans",
        "segment_spans",
        "fct_orders",
        "fct_revenue_events",
        "fct_sessions",
        "dim_customers",
        "dim_customer_attribute_history",
        "lifecycle_transitions",
        "customer_segment_history",
        "lifecycle_population_daily",
        "kpi_feedback",
        "kpi_service",
        "kpi_funnel",
        "kpi_journey_map",
        "kpi_onboarding",
        "kpi_loyalty",
        "kpi_advocacy",
        "quarantined_rows",
        "row_accounting",
    ]
)


class Machine(NamedTuple):
    """Two databases with all models: one is built in full each time, one brought up to date.

    One DuckDB has both attached, so that either can be filled from, and compared with, the other.
    """

    full: duckdb.DuckDBPyConnection
    delta: duckdb.DuckDBPyConnection
    full_steps: list[Step]
    delta_steps: list[Step]
    tables: list[str]
    file: Path  # of the second one
    begun: list[Tables]  # what the third one, `begun`, was built from: the shop of the stories


def steps(database: Path) -> list[Step]:
    """What the last dbt run did, model by model."""
    found = []
    written = {
        path.stem: path.read_text()
        for path in (database.with_suffix(".target") / "run" / "customer_lifecycle").rglob("*.sql")
    }
    for kind, name, select in compiled_models(database):
        said = written.get(name.split(".")[1], "")
        finish = ""
        if kind == "incremental" and "delete from" in said:
            finish = re.sub(r"from\s+\S*__dbt_tmp\S*\s*$", "from step_rows", said.strip())
            assert "step_rows" in finish, said
        found.append(Step(kind, name, select, finish))
    return [*found, Step("at the end", "changes.completed_run", MADE, "")]


# What a run says at its end, when it made all models (macros/changes/kept.sql).
MADE = (
    "insert into changes.completed_run (kind, name, item, run_number)"
    " select 'models', 'models', 'all', max(run_number) from changes.completed_run"
)
ANYTHING_TO_DO = "select has_changes from changes.changed_anything"


def build(connection: duckdb.DuckDBPyConnection, run: list[Step]) -> None:
    """Do again what a dbt run did; what comes after a step that says so is kept as it is."""
    for step in run:
        if step.kind == "view":
            if step.name.startswith("staging.base_"):
                connection.execute(f"create or replace view {step.name} as {step.select}")
            continue
        if step.kind == "at the end":
            connection.execute(step.select)
            continue
        connection.execute("begin")
        connection.execute(f"create or replace temp table step_rows as {step.select}")
        if step.finish:
            connection.execute(step.finish)
        else:
            connection.execute(f"delete from {step.name}")
            connection.execute(f"insert into {step.name} by name select * from step_rows")
        connection.execute("commit")
        if step.name == "changes.changed_anything" and not answer(connection, ANYTHING_TO_DO)[0][0]:
            break


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("incremental")
    one, other = folder / "one" / "full.duckdb", folder / "other" / "delta.duckdb"
    one.parent.mkdir()
    tables = company(0, folder / "company")
    with duckdb.connect(str(one)) as connection:
        put(connection, {name: rows[:3] for name, rows in tables.items()}, "load 1")
        put(connection, figures(random.Random(0), 1), "load 1")
        put(connection, WRITTEN, "load 1")
    run_dbt("seed", one, variables=VARIABLES)
    run_dbt("run", one, variables=VARIABLES)
    full_steps = steps(one)
    other.parent.mkdir()
    shutil.copy(one, other)
    with duckdb.connect(str(other)) as connection:
        put(connection, {"orders": tables["orders"][3:5]}, "load 2")
    run_dbt("run", other, variables=VARIABLES)
    delta_steps = steps(other)
    assert sum(bool(step.finish) for step in delta_steps) > 20
    with duckdb.connect() as both, both.cursor() as full, both.cursor() as delta:
        both.execute("set timezone = 'UTC'; set threads = 2")
        # Nearly all of a case is planning, and a third of that this one.
        both.execute("set disabled_optimizers = 'projection_pullup'")
        for name, file, connection in (("full", one, full), ("delta", other, delta)):
            both.execute(f"attach '{file}' as \"{name}\"")
            connection.execute(f'use "{name}"')
        both.execute("attach ':memory:' as begun")
        yield Machine(full, delta, full_steps, delta_steps, tables_of(one, *LAYERS), other, [])


def company(seed: int, folder: Path) -> Tables:
    """The raw rows of a small generated company, faulty ones included, as text."""
    generate(40, 200, seed, folder, dirty=True)
    tables = read_company(folder)
    for number, row in enumerate(tables["customers"]):
        row["x_size"] = (None, "S", "M")[number % 3]
    return tables


def put(connection: duckdb.DuckDBPyConnection, rows: Tables, load: str) -> None:
    """Add rows to the raw tables as one load; columns that a row does not have are empty."""
    for name, added in rows.items():
        own = [{"_load_id": load} | row for row in added]
        if not own:
            continue
        columns = [
            column
            for (column,) in connection.execute(
                "select column_name from information_schema.columns"
                " where table_catalog = current_database() and table_schema = 'raw'"
                " and table_name = ? order by ordinal_position",
                [name],
            ).fetchall()
        ]
        if not columns:
            write_raw(connection, {name: own})
            continue
        assert not set().union(*own) - set(columns), name
        frame = pd.DataFrame(  # noqa: F841  (read by DuckDB by its name)
            [[row.get(column) for column in columns] for row in own],
            columns=columns,
            dtype="object",
        )
        casts = ", ".join(f'cast("{column}" as varchar)' for column in columns)
        connection.execute(f"insert into raw.{name} select {casts} from frame")


def changed(tables: Tables, draw: random.Random) -> Tables:
    """The tables with repeated and corrected rows, merges and logins added."""
    people = [row["customer_id"] for row in tables["customers"] if row["customer_id"]]
    devices = [row["anonymous_id"] for row in tables["interactions"] if row["anonymous_id"]]
    products = [row["product_id"] for row in tables["products"] if row["product_id"]]
    found = {name: list(rows) for name, rows in tables.items()}
    for name, rows in tables.items():
        for row in draw.sample(rows, len(rows) // 10):
            again = dict(row)
            if draw.random() < 0.7:
                for column, values in (
                    ("customer_id", [*people, None]),
                    ("anonymous_id", [*devices, None]),
                    ("product_id", products),
                    ("referrer_customer_id", [*people, None]),
                    ("amount", ["1.50", "0", "999"]),
                    ("quantity", ["1", "2", "-1"]),
                    ("status", ["paid", "cancelled", "completed"]),
                    ("unit_cost", ["1", "3.25", None]),
                    ("rate_to_reporting", ["0.5", "1.25"]),
                    ("currency", ["EUR", "USD", "GBP"]),
                    ("score", ["1", "5", "9"]),
                    ("x_size", ["S", "XL", None]),
                    ("country", ["DE", "FR"]),
                    ("account_id", ["B1", None]),
                ):
                    is_key = column == f"{name[:-1]}_id"
                    if column in row and not is_key and draw.random() < 0.5:
                        again[column] = draw.choice(values)
            if again.get("updated_at") and draw.random() < 0.7:
                moved = timedelta(days=draw.choice((-40, 0, 3)))
                again["updated_at"] = shifted(again["updated_at"], moved)
            if again.get("_loaded_at") and draw.random() < 0.5:
                again["_loaded_at"] = shifted(again["_loaded_at"], timedelta(days=1))
            found[name].append(again)
    links = found["identity_links"]
    for number in range(draw.randint(0, 6)):
        is_merge = draw.random() < 0.6
        links.append(
            dict.fromkeys(links[0])
            | link(
                "merge" if is_merge else "login",
                draw.choice(people if is_merge else devices),
                draw.choice(people),
                link_id=f"L{number}",
                linked_at=f"2023-0{draw.randint(1, 9)}-10 12:00:00",
                _loaded_at="2024-02-01 00:00:00",
            )
        )
    return found


def shifted(text: str, by: timedelta) -> str:
    """A time as text, moved; what is no time stays."""
    try:
        return str(datetime.fromisoformat(text) + by)
    except ValueError:
        return text


def figures(draw: random.Random, number: int) -> Tables:
    """A fit of the population, as `lifecycle fit` appends one."""
    return {
        "fitted_parameters": [
            {
                "parameter": parameter,
                "customer_type": "b2c",
                "value": str(draw.randint(20, 90)),
                "cut_off": f"2023-0{number}-01 00:00:00",
                "sample_size": "100000",
                "diagnostics": None,
                "fitted_at": "2024-02-01 00:00:00",
            }
            for parameter in ("mean_order_value", "mean_customer_value")
        ]
    }


def batches(tables: Tables, draw: random.Random, count: int) -> list[Tables]:
    """The rows in so many batches, mostly in order of time, some anywhere."""
    found: list[Tables] = [{name: [] for name in tables} for _ in range(count)]
    for name, rows in tables.items():
        whole = draw.random() < 0.15
        for place, row in enumerate(rows):
            late = draw.random() < 0.3
            number = draw.randrange(count) if late else place * count // len(rows)
            found[draw.randrange(count) if whole else number][name].append(row)
    if draw.random() < 0.5:
        # The last one is a day's worth.
        for name, rows in found[-1].items():
            few = set(map(id, draw.sample(rows, min(len(rows), draw.randint(0, 4)))))
            found[0][name] += [row for row in rows if id(row) not in few]
            found[-1][name] = [row for row in rows if id(row) in few]
    return found


# What companies share: the shop's own words and rates, which each corrects for all.
SHARED = {"product_id", "campaign_id", "experiment_id"}


def companies(case: int, draw: random.Random, folder: Path) -> list[Tables]:
    """Two to five batches in which the rows of several companies arrive."""
    found: list[Tables] = [{} for _ in range(draw.randint(2, 5))]
    for number in range(COMPANIES):
        own = changed(company(1000 * case + number, folder / str(number)), draw)
        parts = [own_rows(part, str(number), SHARED) for part in batches(own, draw, len(found))]
        found = [together(*both) for both in zip(found, parts, strict=True)]
    return found


def own_rows(tables: Tables, company: str, shared: Collection[str] = ()) -> Tables:
    """The rows with ids that no other company has; columns that are shared stay."""
    kept = {"_load_id", *shared}
    return {
        name: [
            {
                column: re.sub(r"(?=\S)", f"{company}-", value, count=1)
                if value and column.endswith("_id") and column not in kept
                else value
                for column, value in row.items()
            }
            for row in rows
        ]
        for name, rows in tables.items()
    }


def together(*given: Tables) -> Tables:
    """The rows of all of them."""
    found: Tables = {}
    for tables in given:
        for name, rows in tables.items():
            found[name] = [*found.get(name, []), *rows]
    return found


def differences(machine: Machine) -> dict[str, Any]:
    """Rows of either side that the other does not have, of each table in which there are some."""
    compared = 0
    suspicious = []
    for table in machine.tables:
        if table.startswith("staging.base_"):  # what a run looks at, not what is
            continue
        query = f"select count(*), sum(cast(hash(t) as hugeint)) from {table} as t"
        here, there = answer(machine.full, query), answer(machine.delta, query)
        compared += here[0][0]
        if here != there:
            suspicious.append(table)
    assert compared > 100
    return {
        table: [
            answer(
                machine.full,
                f'from "{here}".{table} except all from "{there}".{table} limit 2',
            )
            for here, there in (("full", "delta"), ("delta", "full"))
        ]
        for table in suspicious
    }


def start(machine: Machine, rows: Tables) -> None:
    """Both databases with these rows and nothing else, built in full."""
    if rows in machine.begun:
        fill(machine.full, "begun")
    else:
        for name in raw_tables(machine.full):
            machine.full.execute(f"delete from raw.{name}")
        put(machine.full, rows, "load 1")
        build(machine.full, machine.full_steps)
        if rows == SHOP:
            for table in base_tables(machine.full):
                machine.full.execute(f"create schema if not exists begun.{table.split('.')[0]}")
                machine.full.execute(f"create table begun.{table} as select * from {table}")
            machine.begun.append(rows)
    fill(machine.delta, "full")


def fill(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """Let a database hold what another one holds."""
    connection.execute("begin")
    for table in base_tables(connection):
        connection.execute(f"delete from {table}")
        connection.execute(f'insert into {table} by name select * from "{source}".{table}')
    connection.execute("commit")


def base_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = answer(
        connection,
        "select table_schema || '.' || table_name from information_schema.tables"
        " where table_catalog = current_database() and table_type = 'BASE TABLE'",
    )
    return [table for (table,) in found]


def raw_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = connection.execute(
        "select table_name from information_schema.tables"
        " where table_catalog = current_database() and table_schema = 'raw'"
    ).fetchall()
    return [name for (name,) in found]


def change(machine: Machine, found: Tables | list[str], load: str = "load 2") -> None:
    """Let rows come with a load, or those of these tables that came with it go."""
    for connection in (machine.full, machine.delta):
        if isinstance(found, dict):
            put(connection, found, load)
        else:
            for table in found:
                connection.execute(f"delete from raw.{table} where _load_id = ?", [load])


def bring_up_to_date(machine: Machine) -> None:
    build(machine.full, machine.full_steps)
    build(machine.delta, machine.delta_steps)


@pytest.mark.parametrize("case", range(1, CASES + 1))
def test_batches_equal_a_full_build(machine: Machine, case: int, tmp_path: Path) -> None:
    draw = random.Random(case)
    first, *others = companies(case, draw, tmp_path)
    start(machine, first)
    for number, batch in enumerate(others, 2):
        if draw.random() < 0.3:
            batch = batch | figures(draw, number)
        lost = draw.random() < 0.2 and draw.choice(list(batch))
        change(machine, batch, f"load {number}")
        if lost:  # as when a mended mapping takes back what an earlier wording made
            change(machine, [lost], f"load {number - 1}")
        if draw.random() < 0.3:  # a run that is stopped; the next one finds another load as well
            build(machine.delta, machine.delta_steps[: draw.randrange(len(machine.delta_steps))])
            continue
        bring_up_to_date(machine)
        assert differences(machine) == {}, f"after batch {number} of {len(others) + 1}"
        if draw.random() < 0.3:  # a run that finds nothing, and leaves nothing out for the next one
            build(machine.delta, machine.delta_steps)
            assert answer(machine.delta, ANYTHING_TO_DO) == [(False,)]
    bring_up_to_date(machine)
    assert differences(machine) == {}, "after the last batch"


DAY = "2023-03-{:02} 12:00:00"
SHOP: Tables = {
    "customers": [
        {"customer_id": "C1", "customer_type": "b2c"},
        {"customer_id": "C2", "customer_type": "b2c"},
        {"customer_id": "C3", "customer_type": "b2c", "referrer_customer_id": "C2"},
        {"customer_id": "C4", "customer_type": "b2b", "account_id": "A1"},
    ],
    "accounts": [{"account_id": "A1", "account_name": "Mill", "industry": "food"}],
    "products": [{"product_id": "P1", "product_name": "Tea", "unit_cost": "4"}],
    "orders": [
        {
            "order_id": f"O{number}",
            "customer_id": f"C{number}",
            "ordered_at": DAY.format(number),
            "status": "paid",
            "gross_amount": "10",
            "currency": "USD" if number == 3 else "EUR",
        }
        for number in (1, 2, 3, 4)
    ],
    "order_items": [
        {
            "order_item_id": "L1",
            "order_id": "O1",
            "product_id": "P1",
            "quantity": "2",
            "unit_price": "5",
        }
    ],
    "tickets": [
        {"ticket_id": "T1", "customer_id": "C1", "opened_at": DAY.format(9), "is_complaint": "true"}
    ],
    "interactions": [
        {
            "interaction_id": "I1",
            "anonymous_id": "D1",
            "occurred_at": DAY.format(1),
            "interaction_type": "visit",
        }
    ],
}


def link(link_type: str, source_id: str, target_id: str, **other: str) -> Row:
    """A row of raw identity links, made on 25 March 2023 unless ``other`` says when."""
    return {
        "link_id": "N1",
        "link_type": link_type,
        "source_id": source_id,
        "target_id": target_id,
        "linked_at": DAY.format(25),
        **other,
    }


LOGIN = link("login", "D1", "C1")
EXPERIMENT: Tables = {
    "experiments": [
        {
            "experiment_id": "X1",
            "control_variant": "a",
            "primary_metric": "order_within_14_days",
            "starts_at": DAY.format(1),
        }
    ],
    "experiment_variants": [
        {"experiment_id": "X1", "variant": variant, "expected_share": "0.5"} for variant in "ab"
    ],
    "experiment_assignments": [
        {
            "experiment_id": "X1",
            "variant": variant,
            "customer_id": customer_id,
            "anonymous_id": anonymous_id,
            "assigned_at": DAY.format(day),
            "exposed_at": DAY.format(day),
        }
        for variant, customer_id, anonymous_id, day in [("a", "C1", None, 5), ("b", None, "D2", 2)]
    ],
}
CURRENT = "select stage from marts.lifecycle_current where customer_id = 'person:{}'"
IN_POUNDS = SHOP["orders"][2] | {"order_id": "O9", "customer_id": "C9", "currency": "GBP"}
POUND = {"rate_on": "2023-03-03", "currency": "GBP", "rate_to_reporting": "0.5"}
LATER = {"_loaded_at": "2024-01-01 00:00:00"}
# name: (rows of the first load beside the shop's, of the second, a query, its answer then and now).
# They happen side by side, each in a shop of its own: `{own}` stands before all its ids.
STORIES: dict[str, tuple[Tables, Tables, str, list, list]] = {
    "late_refund_undoes_the_only_order": (
        {},
        {
            "refunds": [
                {"refund_id": "R1", "order_id": "O2", "refunded_at": DAY.format(20), "amount": "10"}
            ]
        },
        "select is_buyer, orders from marts.dim_customers where customer_id = 'person:{own}C2'",
        [(True, 1)],
        [(False, 0)],
    ),
    "corrected_ticket_leaves_its_first_customer": (
        {},
        {"tickets": [SHOP["tickets"][0] | {"customer_id": "C2"} | LATER]},
        "select customer_id from marts.lifecycle_spans"
        " where stage_detail = 'dissatisfaction' and customer_id like 'person:{own}%'",
        [("person:{own}C1",)],
        [("person:{own}C2",)],
    ),
    "corrected_order_goes_to_another_customer": (
        {},
        {"orders": [SHOP["orders"][0] | {"customer_id": "C2"} | LATER]},
        "select customer_id, orders from marts.dim_customers"
        " where customer_id in ('person:{own}C1', 'person:{own}C2') order by customer_id",
        [("person:{own}C1", 1), ("person:{own}C2", 1)],
        [("person:{own}C1", 0), ("person:{own}C2", 2)],
    ),
    "rate_that_was_missing_arrives": (
        {},
        {
            "exchange_rates": [
                {"rate_on": "2023-03-03", "currency": "USD", "rate_to_reporting": "0.5"}
            ]
        },
        "select customer_id, net_amount from marts.fct_orders where order_id = '{own}O3'",
        [],
        [("person:{own}C3", 5)],
    ),
    "rate_is_corrected": (
        {"orders": [IN_POUNDS], "exchange_rates": [POUND]},
        {"exchange_rates": [POUND | {"rate_to_reporting": "0.8"} | LATER]},
        "select net_amount from marts.dim_customers where customer_id = 'person:{own}C9'",
        [(5,)],
        [(8,)],
    ),
    "cost_of_a_product_changes": (
        {},
        {"products": [SHOP["products"][0] | {"unit_cost": "3"} | LATER]},
        "select margin_amount from marts.fct_orders where order_id = '{own}O1'",
        [(2,)],
        [(4,)],
    ),
    "merge_joins_two_histories": (
        {},
        {"identity_links": [link("merge", "C2", "C1")]},
        "select customer_id, orders from marts.dim_customers"
        " where customer_id in ('person:{own}C1', 'person:{own}C2') order by customer_id",
        [("person:{own}C1", 1), ("person:{own}C2", 1)],
        [("person:{own}C1", 2)],
    ),
    "referrer_is_merged": (
        {},
        {"identity_links": [link("merge", "C2", "C1")]},
        "select referrer_customer_id from marts.dim_customers where customer_id = 'person:{own}C3'",
        [("person:{own}C2",)],
        [("person:{own}C1",)],
    ),
    "late_login_claims_earlier_touches": (
        {},
        {"identity_links": [LOGIN]},
        "select customer_id, started_on is not null from marts.fct_sessions"
        " where session_id = '{own}I1'",
        [("anonymous:{own}D1", True)],
        [("person:{own}C1", True)],
    ),
    "late_login_makes_one_unit_of_two": (
        EXPERIMENT,
        {"identity_links": [link("login", "D2", "C1")]},
        "select customer_id, variant, is_crossed from intermediate.int_experiment_units"
        " where experiment_id = '{own}X1' order by 1",
        [("anonymous:{own}D2", "b", False), ("person:{own}C1", "a", False)],
        [("person:{own}C1", "b", True)],
    ),
    "late_order_counts_for_the_experiment": (
        EXPERIMENT,
        {
            "orders": [
                SHOP["orders"][1] | {"order_id": "O9", "customer_id": "C1"} | LATER,
                SHOP["orders"][0] | {"order_id": "O8", "ordered_at": DAY.format(7)} | LATER,
            ]
        },
        "select customer_id, value, covariate from intermediate.int_experiment_outcomes"
        " where metric = 'orders_within_14_days' and experiment_id = '{own}X1'",
        [("person:{own}C1", 0, 1)],
        [("person:{own}C1", 1, 2)],
    ),
    "account_is_described_anew": (
        {},
        {"accounts": [SHOP["accounts"][0] | {"industry": "trade"} | LATER]},
        "select industry from marts.dim_customers where customer_id = 'account:{own}A1'",
        [("food",)],
        [("trade",)],
    ),
    "line_moves_to_another_order": (
        {},
        {"order_items": [SHOP["order_items"][0] | {"order_id": "O2"} | LATER]},
        "select order_id, has_items from marts.fct_orders"
        " where order_id in ('{own}O1', '{own}O2') order by order_id",
        [("{own}O1", True), ("{own}O2", False)],
        [("{own}O1", False), ("{own}O2", True)],
    ),
    "order_moves_to_another_customer": (
        {},
        {"orders": [SHOP["orders"][0] | {"customer_id": "C2"} | LATER]},
        "select customer_id, moment_number from intermediate.int_purchase_moments"
        " where customer_id in ('person:{own}C1', 'person:{own}C2') order by 1, 2",
        [("person:{own}C1", 1), ("person:{own}C2", 1)],
        [("person:{own}C2", 1), ("person:{own}C2", 2)],
    ),
    "complaint_is_heard": (
        {},
        {
            "interactions": [
                {
                    "interaction_id": "I9",
                    "customer_id": "C2",
                    "occurred_at": DAY.format(20),
                    "interaction_type": "complaint",
                }
            ]
        },
        "select stage_detail, entry_event_id from marts.lifecycle_spans"
        " where customer_id = 'person:{own}C2' and stage = 'decline' order by span_number",
        [("silence", None)],
        [("dissatisfaction", "{own}I9"), ("silence", None)],
    ),
    "key_comes_with_blanks": (
        {},
        {"orders": [SHOP["orders"][0] | {"order_id": " O1 ", "status": "cancelled"} | LATER]},
        "select order_id, is_valid_order from marts.fct_orders where order_id like '%{own}O1%'",
        [("{own}O1", True)],
        [("{own}O1", False)],
    ),
}


def answer(connection: duckdb.DuckDBPyConnection, query: str) -> list:
    return connection.execute(query).fetchall()


def told(template: list[tuple], own: str) -> list[tuple]:
    """Rows of a story, with its own ids."""
    return [
        tuple(cell.format(own=own) if isinstance(cell, str) else cell for cell in row)
        for row in template
    ]


def test_stories(machine: Machine) -> None:
    stories = STORIES.items()
    first = [own_rows(story[0], name) for name, story in stories]
    second = [own_rows(story[1], name) for name, story in stories]
    start(machine, together(*(own_rows(SHOP, name) for name in STORIES), *first))
    queries = {name: story[2].format(own=f"{name}-") for name, story in stories}

    def found() -> dict[str, list[tuple]]:
        return {name: answer(machine.delta, query) for name, query in queries.items()}

    def expected(part: int) -> dict[str, list[tuple]]:
        return {name: told(story[part], f"{name}-") for name, story in stories}

    assert found() == expected(3)
    change(machine, together(*second))
    # Stopped when everything was staged and the identities were new, then run again.
    stopped = [step.name for step in machine.delta_steps].index("changes.changed_customers")
    build(machine.delta, machine.delta_steps[: stopped + 1])
    bring_up_to_date(machine)
    assert found() == expected(4)
    assert differences(machine) == {}


def test_new_customer_is_the_only_change(machine: Machine) -> None:
    start(machine, SHOP)
    change(machine, {"customers": [{"customer_id": "C9", "registered_at": DAY.format(3)}]})
    bring_up_to_date(machine)
    assert answer(machine.delta, CURRENT.format("C9")) == [("consideration",)]
    assert differences(machine) == {}


def test_load_that_is_taken_back(machine: Machine) -> None:
    """A merge and a corrected order come and go: everything is as it was."""
    order = SHOP["orders"][0] | {"customer_id": "C2"} | LATER
    merge = link("merge", "C2", "C1")
    start(machine, SHOP)
    before = answer(
        machine.delta, "select * exclude (net_amount) from marts.dim_customers order by 1"
    )
    change(machine, {"orders": [order], "identity_links": [merge]})
    bring_up_to_date(machine)
    assert answer(machine.delta, CURRENT.format("C2")) == []
    change(machine, ["orders", "identity_links"])
    bring_up_to_date(machine)
    assert differences(machine) == {}
    after = answer(
        machine.delta, "select * exclude (net_amount) from marts.dim_customers order by 1"
    )
    assert after == before


def test_fit_moves_every_customer_of_its_type(machine: Machine) -> None:
    start(machine, SHOP)
    fit = [row | {"value": "1"} for row in figures(random.Random(1), 1)["fitted_parameters"]]
    change(machine, {"fitted_parameters": fit})
    bring_up_to_date(machine)
    found = answer(machine.delta, "select count(*) from changes.changed_customers")
    assert found == answer(
        machine.delta, "select count(*) from intermediate.int_customers where customer_type = 'b2c'"
    )
    assert differences(machine) == {}


# What the commands write themselves has no load; it says when it was written.
WRITTEN: Tables = {
    "loads": [{"load_id": "load 1", "table_name": "orders", "loaded_at": "2024-02-01"}],
    "erasures": [
        {
            "request_hash": "hash",
            "table_name": "orders",
            "erased_at": "2024-02-02",
            "deleted_rows": "1",
            "emptied_rows": "0",
        }
    ],
    "exports": [
        {
            "export_id": "E1",
            "experiment_id": "X1",
            "audience": "win_back",
            "as_of": "2024-02-01",
            "exported_at": "2024-02-03",
        }
    ],
}
WRITTEN = {name: [row | {"_load_id": None} for row in rows] for name, rows in WRITTEN.items()}
WRITTEN_AT = {"loads": "loaded_at", "erasures": "erased_at", "exports": "exported_at"}


def test_nothing_new_changes_nothing(machine: Machine) -> None:
    start(machine, together(SHOP, WRITTEN))
    completed = "select * from changes.completed_run order by all"
    before = answer(machine.delta, completed)
    build(machine.delta, machine.delta_steps)
    assert answer(machine.delta, ANYTHING_TO_DO) == [(False,)]
    assert answer(machine.delta, completed) == before
    assert differences(machine) == {}
    (loads,) = (step for step in machine.delta_steps if step.name == "changes.landed_loads")
    for table, column in WRITTEN_AT.items():
        machine.delta.execute(f"update raw.{table} set {column} = '2024-02-09'")
        found = f"select distinct table_name from ({loads.select}) where is_changed"
        assert answer(machine.delta, found) == [(table,)]
        machine.delta.execute(f"delete from raw.{table}")
        put(machine.delta, {table: WRITTEN[table]}, "load 1")
        assert answer(machine.delta, found) == []


def test_load_that_is_taken_back_from_a_run_that_was_stopped(machine: Machine) -> None:
    """The loads are those of the last complete run again, and yet there is something to do."""
    start(machine, SHOP)
    change(machine, {"identity_links": [LOGIN]})
    stopped = [step.name for step in machine.delta_steps].index("intermediate.int_identities")
    build(machine.delta, machine.delta_steps[: stopped + 1])
    change(machine, ["identity_links"])
    bring_up_to_date(machine)
    assert answer(machine.delta, ANYTHING_TO_DO) == [(True,)]
    assert differences(machine) == {}


TOUCH = SHOP["interactions"][0] | {"interaction_id": "I2", "anonymous_id": "D2"}
LATE_ORDER = SHOP["orders"][0] | {"order_id": "O9", "ordered_at": "2023-06-20 12:00:00"}


def stop_late(machine: Machine) -> None:
    """A run that is stopped when it has made nearly all, and has not yet said what."""
    stopped = [step.name for step in machine.delta_steps].index("changes.completed_identities")
    build(machine.delta, machine.delta_steps[:stopped])
    assert differences(machine), "the run that was stopped had made nothing"


def test_what_a_stopped_run_had_made_is_made_again(machine: Machine) -> None:
    """It alone knew a visitor; a login, the end and a row in quarantine are as before it."""
    start(machine, together(SHOP, {"orders": [LATE_ORDER | {"_load_id": "load 2"}]}))
    change(machine, ["orders"])
    nobody = link("marriage", "C1", "C2", link_id="N2")
    change(machine, {"interactions": [TOUCH], "identity_links": [LOGIN, nobody]})
    stop_late(machine)
    change(machine, ["identity_links"])
    claims = link("login", "D2", "C3", _load_id="load 3")
    change(machine, {"orders": [LATE_ORDER], "identity_links": [claims]})
    bring_up_to_date(machine)
    assert differences(machine) == {}


def test_fit_of_a_stopped_run_is_taken_back(machine: Machine) -> None:
    """By the first fit every order is a small one, by that of the stopped run none is."""
    high_value = "select sum(high_value_moments) from intermediate.int_segment_points"
    first, second = (figures(random.Random(1), number)["fitted_parameters"] for number in (1, 2))
    start(machine, SHOP | {"fitted_parameters": [row | {"value": "90"} for row in first]})
    before = answer(machine.delta, high_value)
    change(machine, {"fitted_parameters": [row | {"value": "1"} for row in second]})
    stop_late(machine)
    assert answer(machine.delta, high_value) != before
    change(machine, ["fitted_parameters"])
    bring_up_to_date(machine)
    assert answer(machine.delta, high_value) == before
    assert differences(machine) == {}


def test_run_that_is_stopped_before_its_last_tables(machine: Machine) -> None:
    """It was complete, but the tables that nothing incremental reads were not made."""
    start(machine, SHOP)
    order = SHOP["orders"][0] | {"order_id": "O9", "customer_id": "C2"}
    change(machine, {"orders": [order]})
    last = max(
        place
        for place, step in enumerate(machine.delta_steps)
        if step.finish or (step.kind, step.name) == ("table", "changes.completed_run")
    )
    incremental = [
        step
        for place, step in enumerate(machine.delta_steps)
        if place <= last and not step.name.startswith("marts.kpi_")
    ]
    build(machine.delta, incremental)
    bring_up_to_date(machine)
    assert differences(machine) == {}


def test_killed_while_catching_up(machine: Machine, tmp_path: Path) -> None:
    """A process that brings the database up to date is killed at random moments, again and again.

    It executes what dbt executed; test_kill.py kills dbt itself.
    """
    draw = random.Random(4)
    first, *others = companies(77, draw, tmp_path / "companies")
    start(machine, first)
    for number, batch in enumerate(others, 2):
        change(machine, batch, f"load {number}")
    build(machine.full, machine.full_steps)
    ((expected,),) = answer(machine.full, FINGERPRINT)
    machine.delta.execute("checkpoint delta")
    (tmp_path / "steps.json").write_text(json.dumps(machine.delta_steps))
    child = [sys.executable, __file__, "", tmp_path / "steps.json"]
    for number in range(KILLS):
        folder = tmp_path / str(number)
        folder.mkdir()
        child[2] = database = shutil.copy(machine.file, folder / machine.file.name)
        last = draw.randrange(len(machine.delta_steps))
        with subprocess.Popen(child, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            for line in process.stdout:
                if int(line) == last:  # it begins; how far it gets is chance
                    time.sleep(draw.uniform(0, 0.05))
                    process.kill()
        assert process.returncode == -signal.SIGKILL
        subprocess.run(child, cwd=folder, check=True, capture_output=True)
        with duckdb.connect(str(database), read_only=True) as connection:
            assert answer(connection, FINGERPRINT) == [(expected,)], (number, last)
        shutil.rmtree(folder)


# When a row of the real data set arrives; what has no time of its own comes with any month.
ARRIVES = {
    "orders": "select *, date_trunc('month', ordered_at) as month from raw.orders",
    "refunds": "select *, date_trunc('month', refunded_at) as month from raw.refunds",
    "order_items": (
        "select items.*, date_trunc('month', orders.ordered_at) as month"
        " from raw.order_items as items inner join raw.orders as orders using (order_id)"
    ),
    **{
        table: (
            f"select *, date '2010-12-01' + to_months(cast(hash({table[:-1]}_id) % 13 as integer))"
            f" as month from raw.{table}"
        )
        for table in ("customers", "products")
    },
}


def test_online_retail_month_by_month_equals_at_once(machine: Machine, tmp_path: Path) -> None:
    folder = local_folder("online_retail")
    if folder is None:
        pytest.skip("online_retail is not on this machine: see test_real_data.py")
    shop = run_mapping("online_retail", folder)
    months: set[tuple] = set()
    for table, rows in ARRIVES.items():
        shop(f"copy ({rows}) to '{tmp_path / table}.parquet'")
        months |= set(shop(f"select distinct cast(month as date) from ({rows})"))
    assert len(months) == 13
    for connection in (machine.full, machine.delta):
        for table in raw_tables(connection):
            connection.execute(f"delete from raw.{table}")
    ordered = [month for (month,) in sorted(months)]
    for number in range(0, len(ordered), MONTHS_AT_ONCE):
        in_load = ", ".join(f"date '{m}'" for m in ordered[number : number + MONTHS_AT_ONCE])
        for table in ARRIVES:
            file = tmp_path / f"{table}.parquet"
            both = machine.full.execute(
                "select own.column_name from information_schema.columns as own"
                f" inner join (describe select * from '{file}') as given using (column_name)"
                " where table_catalog = current_database() and table_schema = 'raw'"
                " and table_name = ?",
                [table],
            ).fetchall()
            # The machine's company counts in euros and has no rates.
            names = [name for (name,) in both if name != "currency"]
            columns = ", ".join(f"cast({name} as varchar) as {name}" for name in names)
            for connection in (machine.full, machine.delta):
                connection.execute(
                    f"insert into raw.{table} by name"
                    f" select {columns}, 'month {number}' as _load_id"
                    f" from '{file}' where month in ({in_load})",
                )
        if number:
            build(machine.delta, machine.delta_steps)
        else:
            build(machine.full, machine.full_steps)
            fill(machine.delta, "full")
    build(machine.full, machine.full_steps)
    assert differences(machine) == {}
    orders = answer(machine.delta, "select count(*) from marts.fct_orders where not is_guest")
    assert orders[0][0] > 15_000


if __name__ == "__main__":  # what the kill test kills
    with duckdb.connect(sys.argv[1]) as catching_up:
        catching_up.execute("set timezone = 'UTC'")
        for place, step in enumerate(json.loads(Path(sys.argv[2]).read_text())):
            print(place, flush=True)
            build(catching_up, [Step(*step)])
            if step[1] == "changes.changed_anything" and answer(catching_up, ANYTHING_TO_DO) == [
                (False,)
            ]:
                break
        # Whoever kills the last step has time to.
        time.sleep(0.1)
