"""One truth on every engine: the sample company's marts are equal on DuckDB and Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest
from conftest import Command
from warehouse import differing_tables, run_dbt, tables_of

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def engines(
    tmp_path_factory: pytest.TempPathFactory,
    sample: duckdb.DuckDBPyConnection,
    postgres_server: tuple[str, dict[str, str]],
) -> Iterator[tuple[Any, Any, list[str]]]:
    """The sample company built on both engines: two connections and the names of the marts."""
    target = tmp_path_factory.mktemp("engines") / "postgres"
    uri, environment = postgres_server
    # Unit tests are held against DuckDB only: here every row of the same models is.
    command = "build --exclude-resource-type unit_test"
    run_dbt(command, target, target="postgres", environment=environment)
    postgres = psycopg2.connect(uri)
    yield sample, postgres, tables_of(target, "marts", "intermediate")
    postgres.close()


def test_every_mart_is_equal_on_both_engines(engines: Any) -> None:
    local, postgres, marts = engines
    unequal, compared = differing_tables(local, postgres, marts)
    assert unequal == {}
    assert len(marts) > 30
    assert compared > 10_000


def test_a_delta_on_postgres_gives_the_same(
    engines: Any, postgres_server: tuple[str, dict[str, str]], tmp_path: Path
) -> None:
    """Some loads are taken for new: what they touch is deleted and comes again."""
    local, postgres, marts = engines
    with postgres, postgres.cursor() as cursor:
        cursor.execute(
            "delete from changes.completed_run where kind = 'load' and loaded_at >= '2024-09-01'"
        )
        assert cursor.rowcount > 100
    run_dbt("run", tmp_path / "delta.duckdb", target="postgres", environment=postgres_server[1])
    with postgres, postgres.cursor() as cursor:
        cursor.execute("select max(run_number) from changes.completed_run")
        assert cursor.fetchone() == (2,)
        cursor.execute("select count(*) from changes.changed_customers")
        (touched,) = cursor.fetchone()
    ((customers,),) = local.execute("select count(*) from marts.dim_customers").fetchall()
    assert customers / 4 < touched < customers
    unequal, _ = differing_tables(local, postgres, marts)
    assert unequal == {}


def test_a_second_build_on_postgres_does_not_start(
    lifecycle: Command, postgres_server: tuple[str, dict[str, str]]
) -> None:
    uri, environment = postgres_server
    with psycopg2.connect(uri) as first, first.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(hashtext('lifecycle build '))")
        second = lifecycle("build", "--sample", "--target", "postgres", **environment)
    assert second.returncode == 2
    assert "Another build of the schemas marts and so on is at work" in second.stderr
