"""Runs as dbt does them: what makes one full, what makes one complete, and one at a time."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from warehouse import run_dbt

from lifecycle.errors import UserError
from lifecycle.lock import one_build

pytestmark = pytest.mark.usefixtures("models_only")

SAMPLE = {"use_sample": True}
OTHER: dict[str, Any] = {**SAMPLE, "high_value_factor": 3, "session_timeout_minutes": 5}


@pytest.fixture(scope="module")
def company(sample_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the built sample company; views name their database, so its name stays."""
    return Path(shutil.copy(sample_database, tmp_path_factory.mktemp("runs")))


def ask(database: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query).fetchall()


def statuses(database: Path) -> dict[str, str]:
    """What became of each model of the last run."""
    results = json.loads((database.with_suffix(".target") / "run_results.json").read_text())
    return {row["unique_id"].split(".")[-1]: row["status"] for row in results["results"]}


def test_every_incremental_model_comes_before_the_end_of_a_run(company: Path) -> None:
    run_dbt("parse", company, variables=SAMPLE)
    manifest = json.loads((company.with_suffix(".target") / "manifest.json").read_text())
    before: set[str] = set()
    open_nodes = ["model.customer_lifecycle.completed_run"]
    while open_nodes:
        parents = set(manifest["parent_map"][open_nodes.pop()]) - before
        before |= parents
        open_nodes += parents
    incremental = {
        name
        for name, node in manifest["nodes"].items()
        if node["config"]["materialized"] == "incremental"
    }
    assert len(incremental) > 25
    assert incremental <= before
    # What staging held is read before staging is written.
    staged = {name for name in incremental if ".stg_" in name and "attributes" not in name}
    for name in staged:
        assert "model.customer_lifecycle.changed_ids" in manifest["parent_map"][name], name


def said(database: Path) -> dict[str, str]:
    """What dbt said of each model of the last run."""
    results = json.loads((database.with_suffix(".target") / "run_results.json").read_text())
    return {row["unique_id"].split(".")[-1]: row["message"] for row in results["results"]}


def test_a_run_with_nothing_new_keeps_every_table(company: Path) -> None:
    completed = "select * from changes.completed_run order by all"
    run_dbt("run", company, "--select", "int_as_of", variables=SAMPLE)
    # A run of some models may leave tables that do not go together: the next one makes them all.
    assert ask(company, f"select * from ({completed}) where kind = 'models'") == []
    run_dbt("run", company, variables=SAMPLE)
    assert "KEPT" not in said(company).values()
    before = ask(company, completed)
    assert ("models", "models", "all") in [row[:3] for row in before]
    # The dirty rows of the sample wait in quarantine and are looked at again; nothing else is.
    ((waiting,),) = ask(company, "select count(*) from changes.changed_rows")
    ((quarantined,),) = ask(company, "select count(*) from marts.quarantined_rows")
    assert 0 < waiting <= quarantined

    with duckdb.connect(str(company)) as connection:
        connection.execute("drop table marts.kpi_sales")  # what somebody dropped comes back
    run_dbt("seed", company, variables=SAMPLE)
    run_dbt("run", company, variables=SAMPLE)
    found = said(company)
    kept = {name for name, message in found.items() if message == "KEPT"}
    assert {"stg_orders", "lifecycle_spans", "lifecycle_current", "completed_run"} <= kept
    assert not kept & {"landed_loads", "changed_anything", "kpi_sales"}
    assert len(kept) > 80
    assert ask(company, completed) == before
    assert ask(company, "select count(*) > 0 from marts.kpi_sales") == [(True,)]


def test_another_rule_makes_a_full_run(company: Path) -> None:
    segments = "select count(*) from marts.lifecycle_spans where stage = 'churn'"
    touched = "select count(*) from changes.changed_rows"
    before = ask(company, segments)
    policy = ask(company, "select item from changes.completed_run where kind = 'policy'")
    sessions = ask(company, "select count(*) from marts.fct_sessions")

    run_dbt("run", company, variables=OTHER, environment={"DBT_LOG_LEVEL_FILE": "debug"})

    # Tables and views are replaced in their place, in a transaction: no other lies beside them.
    log = (company.parent / "logs" / "dbt.log").read_text("utf-8")
    assert re.search(r"drop table if exists \S+fct_orders\b", log)
    assert re.search(r"create or replace view \S+raw_orders\b", log)
    assert not re.findall(r"alter \w+ \S+ rename|__dbt_backup", log)
    assert ask(company, "select distinct run_number from changes.completed_run") == [(1,)]
    assert ask(company, "select item from changes.completed_run where kind = 'policy'") != policy
    assert ask(company, touched) == [(0,)]
    assert ask(company, "select count(*) from marts.fct_sessions") > sessions
    assert ask(company, segments) == before


def test_a_full_run_that_is_stopped_is_followed_by_a_full_run(company: Path) -> None:
    run_dbt("run", company, "--select", "+stg_customers", variables=SAMPLE)  # another policy
    assert ask(company, "select * from changes.completed_run where kind = 'policy'") == []
    run_dbt("run", company, variables=OTHER)
    assert ask(company, "select distinct run_number from changes.completed_run") == [(1,)]


def test_a_run_of_some_models_is_not_a_complete_one(company: Path) -> None:
    # That all models were made is forgotten.
    completed = "select * from changes.completed_run where kind != 'models' order by all"
    before = ask(company, completed)
    run_dbt("run", company, "--select", "lifecycle_spans+", variables=OTHER)
    assert statuses(company)["completed_run"] == "success"
    assert ask(company, completed) == before


def test_staging_is_not_made_anew_from_what_changed_only(company: Path) -> None:
    staged = ask(company, "select count(*) from staging.stg_orders")
    done = run_dbt(
        "run", company, "--full-refresh", "--select", "stg_orders", variables=OTHER, check=False
    )
    assert done.returncode != 0
    said = " ".join(done.stdout.split())
    assert "stg_orders needs base_orders" in said
    assert "Run without --select, or select +stg_orders." in said
    assert ask(company, "select count(*) from staging.stg_orders") == staged


def test_one_build_at_a_time(tmp_path: Path) -> None:
    database = tmp_path / "company.duckdb"
    with one_build(tmp_path, None, database, ""):
        with (
            pytest.raises(UserError, match=r"Another build of company\.duckdb is at work"),
            one_build(tmp_path, None, database, ""),
        ):
            pass
        with one_build(tmp_path, None, tmp_path / "other.duckdb", ""):
            pass
    with one_build(tmp_path, None, database, ""):
        pass
    assert list(tmp_path.iterdir()) == []
