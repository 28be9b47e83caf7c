"""Incremental equals full: random companies in random batches, every table, row for row.

One dbt run compiles the models for a full run, a second one for a delta; both are dbt's own SQL,
executed again here on whatever raw rows are there, so that hundreds of cases cost minutes.
LIFECYCLE_BATCH_CASES is the number of random companies.
"""

from __future__ import annotations

import os
import random
import re
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from warehouse import compiled_models, differing_tables, run_dbt, tables_of, write_raw

from lifecycle.generate import generate

CASES = int(os.environ.get("LIFECYCLE_BATCH_CASES", "6"))
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


class Machine(NamedTuple):
    """Two databases with all models: one is built in full each time, one brought up to date."""

    full: duckdb.DuckDBPyConnection
    delta: duckdb.DuckDBPyConnection
    full_steps: list[Step]
    delta_steps: list[Step]
    tables: list[str]


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
    return found


def build(connection: duckdb.DuckDBPyConnection, run: list[Step]) -> None:
    """Do again what a dbt run did."""
    for step in run:
        if step.kind == "view":
            if step.name.startswith("staging.base_"):
                connection.execute(f"create or replace view {step.name} as {step.select}")
            continue
        connection.execute(f"create or replace temp table step_rows as {step.select}")
        if step.finish:
            connection.execute(step.finish)
        else:
            connection.execute(f"delete from {step.name}")
            connection.execute(f"insert into {step.name} by name select * from step_rows")


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("incremental")
    one, other = folder / "full" / "shop.duckdb", folder / "delta" / "shop.duckdb"
    one.parent.mkdir()
    tables = company(0, folder / "company")
    with duckdb.connect(str(one)) as connection:
        put(connection, {name: rows[:3] for name, rows in tables.items()}, 1)
        put(connection, figures(random.Random(0), 1), 1)
    run_dbt("seed", one, variables=VARIABLES)
    run_dbt("run", one, variables=VARIABLES)
    full_steps = steps(one)
    shutil.copytree(one.parent, other.parent)
    with duckdb.connect(str(other)) as connection:
        put(connection, {"orders": tables["orders"][3:5]}, 2)
    run_dbt("run", other, variables=VARIABLES)
    delta_steps = steps(other)
    assert sum(bool(step.finish) for step in delta_steps) > 20
    with duckdb.connect(str(one)) as full, duckdb.connect(str(other)) as delta:
        for connection in (full, delta):
            connection.execute("set timezone = 'UTC'")
            connection.execute("set threads = 2")
        yield Machine(full, delta, full_steps, delta_steps, tables_of(one, *LAYERS))


def company(seed: int, folder: Path) -> Tables:
    """The raw rows of a small generated company, faulty ones included, as text."""
    generate(40, 200, seed, folder, dirty=True)
    tables = {}
    for path in sorted(folder.glob("*.csv")):
        if not path.stem.startswith("truth_"):
            frame = duckdb.sql(f"select * from read_csv('{path}', all_varchar = true)").df()
            frame = frame.astype(object).where(frame.notna(), None)
            tables[path.stem] = frame.to_dict("records")
    for number, row in enumerate(tables["customers"]):
        row["x_size"] = (None, "S", "M")[number % 3]
    return tables


def put(connection: duckdb.DuckDBPyConnection, rows: Tables, load: int) -> None:
    """Add rows to the raw tables as one load; they keep a time of loading of their own."""
    for name, added in rows.items():
        own = [row | {"_load_id": f"load {load}"} for row in added]
        if not own:
            continue
        there = connection.execute(
            "select 1 from information_schema.tables where table_schema = 'raw' and table_name = ?",
            [name],
        ).fetchone()
        kept = []
        if there:
            cursor = connection.execute(f"select * from raw.{name}")
            columns = [column[0] for column in cursor.description]
            kept = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
        write_raw(connection, {name: kept + own})


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
            | {
                "link_id": f"L{number}",
                "link_type": "merge" if is_merge else "login",
                "source_id": draw.choice(people if is_merge else devices),
                "target_id": draw.choice(people),
                "linked_at": f"2023-0{draw.randint(1, 9)}-10 12:00:00",
                "_loaded_at": "2024-02-01 00:00:00",
            }
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


def batches(tables: Tables, draw: random.Random) -> list[Tables]:
    """The rows in a random number of batches, mostly in order of time, some anywhere."""
    count = draw.randint(2, 5)
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


def differences(machine: Machine) -> dict[str, Any]:
    unequal, compared = differing_tables(machine.full, machine.delta, machine.tables)
    assert compared > 100
    return {
        name: rows
        for name, rows in unequal.items()
        if not name.startswith("staging.base_")  # what a run looks at, not what is
    }


def start(machine: Machine, rows: Tables) -> None:
    """Both databases with these rows and nothing else, built in full."""
    for connection in (machine.full, machine.delta):
        for name in [*rows, "fitted_parameters"]:
            connection.execute(f"delete from raw.{name}")
        put(connection, rows, 1)
        build(connection, machine.full_steps)


def bring_up_to_date(machine: Machine) -> None:
    build(machine.full, machine.full_steps)
    build(machine.delta, machine.delta_steps)


@pytest.mark.parametrize("case", range(1, CASES + 1))
def test_batches_equal_a_full_build(machine: Machine, case: int, tmp_path: Path) -> None:
    draw = random.Random(case)
    first, *others = batches(changed(company(case, tmp_path), draw), draw)
    start(machine, first)
    for number, batch in enumerate(others, 2):
        if draw.random() < 0.3:
            batch = batch | figures(draw, number)
        lost = draw.random() < 0.2 and draw.choice(list(batch))
        for connection in (machine.full, machine.delta):
            put(connection, batch, number)
            if lost:  # as when a mended mapping takes back what an earlier wording made
                connection.execute(f"delete from raw.{lost} where _load_id = 'load {number - 1}'")
        if draw.random() < 0.3:  # a run that is stopped; the next one finds another load as well
            build(machine.delta, machine.delta_steps[: draw.randrange(len(machine.delta_steps))])
            continue
        bring_up_to_date(machine)
        assert differences(machine) == {}, f"after batch {number} of {len(others) + 1}"
    bring_up_to_date(machine)
    assert differences(machine) == {}, "after the last batch"
