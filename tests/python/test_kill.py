"""Loads and builds that are killed at random moments: the next run is right, nothing is lost.

LIFECYCLE_KILLS is the number of kills of each kind. The moments are spread over the time that an
undisturbed run took here, so that they hit its beginning, its middle and its end.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import duckdb
import pytest
from commands import said, start_command

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

pytestmark = pytest.mark.usefixtures("models_only")

PROJECT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("LIFECYCLE_KILLS", "1"))
# Views name their database, so its file has one name in every folder.
SHOP = "shop.duckdb"
# All models, so that the run is a complete one; without tests, so that it is short.
BUILD = ["build", "--exclude", "resource_type:test"]

# What a relation holds: rows, and the sum of their hashes, which a lost or doubled row changes.
Contents = dict[str, tuple[int, int]]


class Run(NamedTuple):
    """A command on the shop in a folder, what it holds before and after, and the seconds."""

    command: list[str]
    shop: Path
    before: Contents
    after: Contents
    seconds: float


def started(folder: Path, command: list[str]) -> BaseProcess:
    """The command `lifecycle` on the shop in the folder."""
    environment = os.environ | {
        "LIFECYCLE_DUCKDB": str(folder / SHOP),
        "LIFECYCLE_PII_SALT": "shop",
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_WRITE_JSON": "false",
    }
    return start_command("lifecycle", command, PROJECT, environment, folder)


def run(folder: Path, command: list[str]) -> float:
    """Run `lifecycle` undisturbed on the shop in the folder; returns its seconds."""
    began = time.monotonic()
    folder.mkdir(exist_ok=True)
    process = started(folder, command)
    process.join()
    assert process.exitcode == 0, said(folder)
    return time.monotonic() - began


def undisturbed(shop: Path, command: list[str]) -> Run:
    """The run of a command on a copy of the shop, beside it, that nobody kills."""
    copy = copied(shop, shop.with_name(f"{shop.name} after"))
    seconds = run(copy, command)
    return Run(command, shop, contents(shop), contents(copy), seconds)


def killed_after(folder: Path, command: list[str], seconds: float) -> bool:
    """Run `lifecycle` and kill it after so many seconds; False when it was done."""
    process = started(folder, command)
    process.join(seconds)
    process.kill()
    process.join()
    return process.exitcode == -signal.SIGKILL


def copied(shop: Path, folder: Path) -> Path:
    """The folder with a copy of the shop's and nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    return Path(shutil.copytree(shop, folder))


def killed(runs: list[Run], number: int, folder: Path) -> Run:
    """Put a shop into the folder whose run was killed at the moment of this number."""
    chosen = runs[number % len(runs)]
    share = (number + random.Random(f"{chosen.command[0]} {number}").random()) / KILLS
    seconds = share * chosen.seconds
    while not killed_after(copied(chosen.shop, folder), chosen.command, seconds):
        seconds *= 0.8  # it was faster than the one that was measured
    return chosen


def contents(folder: Path, condition: str = "true") -> Contents:
    """What the relations of the shop hold, those in which the condition holds."""
    if not (folder / SHOP).exists():
        return {}
    # Read-only, so that the next run finds what the killed one left.
    with duckdb.connect(str(folder / SHOP), read_only=True) as con:
        names = con.execute(
            "select table_schema || '.' || table_name from information_schema.tables"
            f" where table_catalog = current_database() and {condition}"
        ).fetchall()
        return {
            name: con.execute(
                f"select count(*), coalesce(sum(cast(hash(r) as hugeint)), 0) from {name} as r"
            ).fetchone()
            for (name,) in names
        }


def results(found: Contents) -> Contents:
    """What a run made, without what tells how it came about.

    In schema `changes` one stopped at its very end counts twice, and the views of what a run looked
    at are empty after the next one, for which there is nothing new.
    """
    return {k: v for k, v in found.items() if not k.startswith(("changes.", "staging.base_"))}


def left_overs(folder: Path) -> list[str]:
    """Files beside the database that a run makes for itself and should have taken away."""
    beside = (file.name for file in folder.iterdir() if file.name.startswith("shop"))
    return sorted(name for name in beside if name != SHOP)


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exports of a small shop, of the same with a hundred days more, and of a large one."""
    folder = tmp_path_factory.mktemp("exports")
    for name, customers, days in (("one", 40, 300), ("two", 40, 400), ("large", 12000, 700)):
        size = ["--customers", str(customers), "--days", str(days), "--out", str(folder / name)]
        run(folder, ["generate", "--seed", "5", "--start", "2022-01-01", *size])
    return folder


@pytest.fixture(scope="module")
def loads(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """Loads of nearly a million rows over others and into nothing, and a small one's report."""
    folder = tmp_path_factory.mktemp("loads")
    run(folder / "one", ["load", str(exports / "one"), "--loaded-at", "2024-12-01", "--no-report"])
    (folder / "nothing").mkdir()
    large = ["load", str(exports / "large"), "--loaded-at", "2024-12-02", "--no-report"]
    small = ["load", str(exports / "two"), "--loaded-at", "2024-12-02"]
    runs = [("one", large), ("nothing", large), ("one", small)]
    return [undisturbed(folder / name, command) for name, command in runs[:KILLS]]


@pytest.fixture(scope="module")
def builds(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """Builds of the same rows: over an earlier build of fewer, and over none."""
    folder = tmp_path_factory.mktemp("builds")
    one = ["load", str(exports / "one"), "--loaded-at", "2024-12-01", "--no-report"]
    two = ["load", str(exports / "two"), "--loaded-at", "2024-12-02", "--no-report"]
    run(folder / "raw", one)
    copied(folder / "raw", folder / "built")
    run(folder / "raw", two)
    run(folder / "built", BUILD)
    run(folder / "built", two)
    return [undisturbed(folder / name, BUILD) for name in ("built", "raw")[:KILLS]]


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_load(loads: list[Run], number: int, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    chosen = killed(loads, number, folder)

    # All of the files or none of them.
    assert contents(folder) in (chosen.before, chosen.after)

    run(folder, chosen.command)
    assert contents(folder) == chosen.after
    assert left_overs(folder) == []


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_build(builds: list[Run], number: int, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    chosen = killed(builds, number, folder)

    # Nothing that was there is gone, and every table is the old one or the new one, whole.
    assert set(chosen.before) <= set(contents(folder))
    # But for the last thing that a run says: that it made all models.
    whole = (
        "table_type = 'BASE TABLE' and table_name not like '%\\_\\_dbt\\_%' escape '\\'"
        " and table_name != 'completed_run'"
    )
    for name, rows in contents(folder, whole).items():
        olds = {chosen.before.get(name)}
        assert rows in (olds if name.startswith("raw.") else olds | {chosen.after[name]}), name

    run(folder, BUILD)
    assert results(contents(folder)) == results(chosen.after)
    assert left_overs(folder) == []
