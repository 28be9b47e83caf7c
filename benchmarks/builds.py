"""A warehouse in a folder of its own: load, build, and what each model cost."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NamedTuple

from processes import Cost, run

PROJECT = Path(__file__).resolve().parents[1]


class Build(NamedTuple):
    """A dbt run: its process, and the seconds of each model, the slowest first."""

    cost: Cost
    models: dict[str, float]

    @property
    def model_seconds(self) -> float:
        """Seconds of all models together; two run at once."""
        return sum(self.models.values())


def environment(database: Path) -> dict[str, str]:
    """Where the project is, and the database it shall build."""
    return {"LIFECYCLE_DUCKDB": str(database), "LIFECYCLE_PROJECT": str(PROJECT)}


def lifecycle(database: Path, *arguments: str | Path) -> Cost:
    """Run the project's own command on a database."""
    command = [sys.executable, "-m", "lifecycle", *arguments]
    return run(command, database.parent, environment(database) | {"PYTHONPATH": str(PROJECT)})


def dbt(database: Path, command: str, *arguments: str) -> Build:
    """Run one dbt command on what was loaded; target and logs stay beside the database."""
    profiles, target = database.parent / "profiles", target_folder(database)
    profiles.mkdir(exist_ok=True)
    (profiles / "profiles.yml").write_text((PROJECT / "profiles.example.yml").read_text())
    cost = run(
        [
            sys.executable, "-c", "from dbt.cli.main import cli; cli()",
            "--log-path", database.parent / "logs", command, *arguments,
            "--project-dir", PROJECT, "--profiles-dir", profiles, "--target-path", target,
            "--target", "duckdb", "--vars", '{"use_sample": false}',
        ],
        database.parent,
        environment(database),
    )  # fmt: skip
    results = json.loads((target / "run_results.json").read_text())["results"]
    models = {
        result["unique_id"].split(".")[-1]: result["execution_time"]
        for result in results
        if result["unique_id"].startswith("model.")
    }
    return Build(cost, dict(sorted(models.items(), key=lambda item: -item[1])))


def target_folder(database: Path) -> Path:
    """Where dbt keeps its manifest and results for a database."""
    return database.with_suffix(".target")


def megabytes(database: Path) -> float:
    """Size of a database file, its log included."""
    log = database.with_name(database.name + ".wal")
    return sum(path.stat().st_size for path in (database, log) if path.exists()) / 1e6
