"""The snapshot: what a source that overwrites its customers was like at every build."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest
from warehouse import run_dbt

SELECT = "build --select +snap_customers --resource-type model snapshot"
VARIABLES = {"use_sample": False, "snapshot_customers": True, "schema_prefix": "kept_"}
COLUMNS = "customer_id varchar, email varchar, country varchar"
Run = Callable[[str], Sequence[tuple]]
Build = Callable[[], Any]


@pytest.fixture
def on_duckdb(tmp_path: Path) -> tuple[Run, Build]:
    """Run SQL on an empty DuckDB file, and build its snapshot."""
    database = tmp_path / "company.duckdb"

    def run(sql: str) -> Sequence[tuple]:
        with duckdb.connect(str(database)) as con:
            return con.execute(sql).fetchall()

    return run, lambda: run_dbt(SELECT, database, variables=VARIABLES)


@pytest.fixture
def on_postgres(
    tmp_path: Path, postgres_server: tuple[str, dict[str, str]]
) -> Iterator[tuple[Run, Build]]:
    """The same on Postgres."""
    uri, environment = postgres_server
    connection = psycopg2.connect(uri)
    connection.autocommit = True

    def run(sql: str) -> Sequence[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def build() -> None:
        database = tmp_path / "company.duckdb"
        run_dbt(SELECT, database, variables=VARIABLES, target="postgres", environment=environment)

    yield run, build
    connection.close()


def sees_what_is_overwritten(run: Run, build: Build) -> None:
    """Ada moves, Bob stays, Cleo is deleted, Dan is new: what two builds of them keep."""
    run("create schema kept_raw")
    run(f"create table kept_raw.customers ({COLUMNS})")
    run("create table kept_raw.orders (order_id varchar, ordered_at varchar, status varchar)")
    run(
        "insert into kept_raw.customers values"
        " ('ada', 'ada@example.com', 'DE'), ('bob', null, 'DE'), ('cleo', null, 'DE')"
    )
    build()
    run("update kept_raw.customers set country = 'FR' where customer_id = 'ada'")
    run("delete from kept_raw.customers where customer_id = 'cleo'")
    run("insert into kept_raw.customers values ('dan', null, 'DE')")
    build()
    kept = run(
        "select contact_id, country, dbt_valid_to is null from kept_snapshots.snap_customers"
        " order by contact_id, dbt_valid_from"
    )
    assert kept == [
        ("ada", "DE", False),
        ("ada", "FR", True),
        ("bob", "DE", True),
        ("cleo", "DE", False),
        ("dan", "DE", True),
    ]
    ((moved_at, arrived_at),) = run(
        "select min(dbt_valid_to), max(dbt_valid_from) from kept_snapshots.snap_customers"
        " where contact_id = 'ada'"
    )
    assert moved_at == arrived_at
    addresses = "select 1 from kept_snapshots.snap_customers where email_hash like '%@%'"
    assert run(addresses) == []


def test_an_overwritten_customer_has_two_versions(on_duckdb: tuple[Run, Build]) -> None:
    sees_what_is_overwritten(*on_duckdb)


@pytest.mark.engines
def test_the_same_on_postgres(on_postgres: tuple[Run, Build]) -> None:
    sees_what_is_overwritten(*on_postgres)


@pytest.mark.parametrize("variables", [{}, {"snapshot_customers": True, "as_of": "2024-06-30"}])
def test_off_by_default_and_in_builds_of_the_past(tmp_path: Path, variables: dict) -> None:
    listed = run_dbt(
        "ls --resource-type snapshot model --select snap_customers int_customers_to_snapshot",
        tmp_path / "company.duckdb",
        variables=variables,
        check=False,
    )
    assert "No nodes selected" in listed.stdout + listed.stderr
