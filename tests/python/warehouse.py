"""The project's models as a small machine: raw rows in, tables out, without a dbt run each time.

One dbt run compiles the models against a database; afterwards their compiled SQL is executed
again on whatever raw rows are put there. What runs is dbt's own compiled SQL, nothing else.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from commands import run_command

PROJECT = Path(__file__).resolve().parents[2]


def run_dbt(
    command: str,
    database: Path,
    *arguments: str,
    variables: Mapping[str, Any] | None = None,
    target: str = "duckdb",
    check: bool = True,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run one dbt command against ``database``; target and logs stay beside it."""
    profiles = database.parent / "profiles"
    profiles.mkdir(exist_ok=True)
    (profiles / "profiles.yml").write_text((PROJECT / "profiles.example.yml").read_text())
    folder = database.with_suffix(".target")
    done = run_command(
        "dbt",
        [
            *("--log-path", str(database.parent / "logs")),
            *command.split(),
            *("--project-dir", str(PROJECT), "--profiles-dir", str(profiles)),
            *("--target-path", str(folder), "--target", target),
            *(("--no-write-json",) if command == "seed" else ()),
            *("--vars", json.dumps(dict(variables or {}))),
            *arguments,
        ],
        database.parent,
        {**os.environ, "LIFECYCLE_DUCKDB": str(database), **(environment or {})},
    )
    if check and done.returncode:
        raise AssertionError(f"dbt {command} failed:\n{done.stdout[-6000:]}\n{done.stderr[-2000:]}")
    return done


def write_raw(
    connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Iterable[Mapping[str, Any]]]
) -> None:
    """Put rows into schema ``raw``, replacing what is there; every column becomes text."""
    connection.execute("create schema if not exists raw")
    for name, rows in tables.items():
        rows = list(rows)
        if not rows:
            connection.execute(
                f"delete from raw.{name}" if _exists(connection, name) else "select 1"
            )
            continue
        columns = list(rows[0])
        frame = pd.DataFrame(  # noqa: F841  (read by DuckDB by its name)
            {column: [_text(row[column]) for row in rows] for column in columns}, dtype="object"
        )
        casts = ", ".join(f'cast("{column}" as varchar) as "{column}"' for column in columns)
        connection.execute(f"create or replace table raw.{name} as select {casts} from frame")


def read_company(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The raw tables of a generated company as rows of text, None where a cell is empty."""
    tables = {}
    for path in sorted(folder.glob("*.csv")):
        if not path.stem.startswith("truth_"):
            frame = duckdb.sql(f"select * from read_csv('{path}', all_varchar = true)").df()
            frame = frame.astype(object).where(frame.notna(), None)
            tables[path.stem] = frame.to_dict("records")
    return tables


def _exists(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    found = connection.execute(
        "select 1 from information_schema.tables where table_schema = 'raw' and table_name = ?",
        [name],
    ).fetchone()
    return found is not None


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def compiled_models(database: Path) -> list[tuple[str, str, str]]:
    """(table or view, schema.name, compiled SQL) of the last run, parents before children."""
    results = json.loads((database.with_suffix(".target") / "run_results.json").read_text())
    nodes = json.loads((database.with_suffix(".target") / "manifest.json").read_text())["nodes"]
    ran = {
        result["unique_id"]: result["compiled_code"]
        for result in results["results"]
        if result["unique_id"].startswith("model.")
    }
    ordered: list[str] = []

    def visit(name: str) -> None:
        if name in ran and name not in ordered:
            for parent in nodes[name]["depends_on"]["nodes"]:
                visit(parent)
            ordered.append(name)

    for name in ran:
        visit(name)
    return [
        (
            nodes[name]["config"]["materialized"],
            f"{nodes[name]['schema']}.{nodes[name]['name']}",
            ran[name],
        )
        for name in ordered
    ]


def rebuild(connection: duckdb.DuckDBPyConnection, models: Sequence[tuple[str, str, str]]) -> None:
    """Execute compiled models again, in order. Views stay as they are: their SQL is the same."""
    for kind, name, sql in models:
        if kind in ("table", "incremental"):
            connection.execute(f"delete from {name}")
            connection.execute(f"insert into {name} by name {sql}")


def tables_of(database: Path, *layers: str) -> list[str]:
    """Schema-qualified names of the models of some layers, from the last run's manifest."""
    manifest = json.loads((database.with_suffix(".target") / "manifest.json").read_text())
    return sorted(
        f"{node['schema']}.{node['name']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["fqn"][1] in layers
    )


def rows_of(connection: Any, table: str) -> tuple[list[str], Counter]:
    """Columns and rows of a table; equal numbers are equal whatever their trailing zeros."""
    cursor = connection.cursor()
    cursor.execute(f"select * from {table}")
    columns = [column[0] for column in cursor.description]
    return columns, Counter(tuple(map(_plain, row)) for row in cursor.fetchall())


def _plain(value: Any) -> Any:
    return value.normalize() if isinstance(value, Decimal) else value


def differing_tables(
    one: Any, other: Any, tables: Iterable[str], other_prefix: str = ""
) -> tuple[dict[str, Any], int]:
    """Tables that are not equal row by row, with two rows of either side; and rows compared.

    ``other_prefix`` stands before the schema names of the other connection.
    """
    unequal: dict[str, Any] = {}
    compared = 0
    for table in tables:
        columns, here = rows_of(one, table)
        other_columns, there = rows_of(other, other_prefix + table)
        if columns != other_columns:
            unequal[table] = (columns, other_columns)
        elif here != there:
            unequal[table] = (list((here - there).items())[:2], list((there - here).items())[:2])
        compared += sum(here.values())
    return unequal, compared
