"""Measure the project on generated data of a stated size, all in one run; prints Markdown.

    python benchmarks/run.py --customers 100000 --days 1095 --seed 1
    python benchmarks/run.py --sizes 500000,1000000

The floor (plain copies of the same Parquet), load, full build, a daily run, a run with nothing
new, and two alternatives that people use. Exits with 1 when the marts after the daily run are not
those of a full build. With --sizes the smaller companies are only loaded and built.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import report
from builds import PROJECT, Build, dbt, lifecycle, megabytes
from processes import Cost, run

HERE = PROJECT / "benchmarks"
VERIFIED_BELOW = 50_000  # customers
SPINE_SCRIPTS = ("people.sql", "orders.sql", "touches.sql", "customer_day_spine.sql")
# What each alternative computes, as marts of ours.
SPINE, PANDAS = "customer × day spine in SQL", "pandas script"
MARTS = {
    SPINE: ("lifecycle_current", "lifecycle_population_daily"),
    PANDAS: ("customer_rfm", "lifecycle_current", "lifecycle_spans"),
}


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--sizes", help="numbers of customers, comma between; in place of one")
    parser.add_argument("--days", type=int, default=1095)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--data", type=Path, help="what `lifecycle generate` wrote, with the size, days, seed given"
    )
    parser.add_argument("--share", type=float, default=0.001, help="of each table in the delivery")
    parser.add_argument("--memory", type=float, default=12, help="gigabytes for an alternative")
    parser.add_argument("--alternative-minutes", type=float, default=30, help="for each of them")
    parser.add_argument(
        "--alternatives", action=argparse.BooleanOptionalAction, default=True, help="[yes]"
    )
    parser.add_argument(
        "--verify",
        action=argparse.BooleanOptionalAction,
        help=f"compare the marts with a full build [below {VERIFIED_BELOW:,} customers]",
    )
    parser.add_argument("--work", type=Path, help="a folder for the databases [temporary]")
    given = parser.parse_args()
    if given.data and given.sizes:
        parser.error("--data is one company: give --customers, not --sizes")
    return given


def main() -> None:
    """Measure each size, print the report, fail when the daily run gave other marts."""
    given = options()
    given.work = given.work.resolve() if given.work else None
    given.busy = os.getloadavg()[0]
    sizes = sorted(int(size) for size in (given.sizes or str(given.customers)).split(","))
    measured = []
    for customers in sizes:
        with tempfile.TemporaryDirectory(dir=given.work, prefix="benchmark-") as folder:
            measured.append(measure(given, customers, customers == sizes[-1], Path(folder)))
    print(report.markdown(given, measured))
    sys.exit(1 if any(found.get("differences") for found in measured) else 0)


def measure(given: argparse.Namespace, customers: int, in_full: bool, work: Path) -> dict[str, Any]:
    """Everything that is measured of one size; only load and full build unless `in_full`."""
    database, delivery = work / "warehouse.duckdb", work / "delivery"
    raw = given.data.resolve() if given.data else work / "raw"
    if not given.data:
        say(f"{customers:,} customers: generate")
        lifecycle(
            database, "generate", "--customers", str(customers), "--days", str(given.days),
            "--seed", str(given.seed), "--out", raw, "--format", "parquet",
        )  # fmt: skip
    found: dict[str, Any] = {"customers": customers}

    say("floor")
    copied = python(work, "floor.py", raw, work / "floor.duckdb")
    found["floor_seconds"] = json.loads(copied.said)["seconds"]
    found["rows"] = json.loads(copied.said)["rows"]
    found["floor_megabytes"] = megabytes(work / "floor.duckdb")
    (work / "floor.duckdb").unlink()

    say("load, full build")
    found["load"] = lifecycle(database, "load", raw)
    found["loaded_megabytes"] = megabytes(database)
    dbt(database, "seed")
    if in_full and given.alternatives:
        found["first_answers"] = answers(database)
    found["full"] = dbt(database, "run")
    found["built_megabytes"] = megabytes(database)
    if in_full:
        days_after(given, work, database, raw, delivery, found)
        verify = customers < VERIFIED_BELOW if given.verify is None else given.verify
        if verify:
            found |= compare(work, database)
        if given.alternatives:
            found["alternatives"] = alternatives(given, work, [raw, delivery])
    return found


def days_after(
    given: argparse.Namespace, work: Path, database: Path, raw: Path, delivery: Path, found: dict
) -> None:
    """A delivery loaded and built, then a build with nothing new."""
    say("daily run")
    mix = python(work, "delivery.py", raw, delivery, "--share", str(given.share))
    found["delivery"] = json.loads(mix.said)
    found["daily_load"] = lifecycle(database, "load", delivery)
    if given.alternatives:
        found["daily_answers"] = answers(database)
    found["daily"] = dbt(database, "run")
    found["daily_megabytes"] = megabytes(database)
    say("empty run")
    found["empty"] = dbt(database, "run")


def answers(database: Path) -> dict[str, Build]:
    """What each alternative computes, made by ours alone; the database stays as it was."""
    made, kept = {}, database.with_suffix(".kept")
    for name, marts in MARTS.items():
        say(f"ours in place of the {name}")
        shutil.copy(database, kept)
        made[name] = dbt(database, "run", "--select", *(f"+{mart}" for mart in marts))
        kept.replace(database)
    return made


def compare(work: Path, database: Path) -> dict[str, Any]:
    """Build the same raw rows in full in another database; what differs in the marts."""
    say("full build of the same rows, to compare")
    rebuilt = work / "rebuilt.duckdb"
    python(work, "compare.py", "copy-raw", database, rebuilt)
    dbt(rebuilt, "seed")
    dbt(rebuilt, "run", "--full-refresh")
    result = json.loads(python(work, "compare.py", "marts", database, rebuilt).said)
    rebuilt.unlink()
    return {"compared": result["rows"], "differences": result["differences"]}


def alternatives(
    given: argparse.Namespace, work: Path, folders: list[Path]
) -> list[tuple[str, Cost, float]]:
    """Each alternative in full on all files: its name, what it cost, megabytes of its result."""
    raw = [part for folder in folders for part in ("--raw", str(folder))]
    out = work / "alternative"
    rivals = []
    for name, script, arguments, share in (
        # DuckDB keeps to its own limit, and may go on on disk; a script is watched from outside.
        (
            SPINE, "run_sql.py",
            [out / "spine.duckdb", *SPINE_SCRIPTS, "--memory", str(given.memory)], 1.25,
        ),
        (PANDAS, "pandas_rfm.py", [out], 1),
    ):  # fmt: skip
        say(name)
        out.mkdir()
        cost = run(
            [sys.executable, HERE / "alternatives" / script, *arguments, *raw],
            out,
            gigabytes=given.memory * share,
            minutes=given.alternative_minutes,
            may_die=True,
        )
        size = sum(file.stat().st_size for file in out.rglob("*.*")) / 1e6
        rivals.append((name, cost, size))
        shutil.rmtree(out)
    return rivals


def python(work: Path, script: str, *arguments: str | Path) -> Cost:
    """Run a script of this folder."""
    return run([sys.executable, HERE / script, *arguments], work)


def say(what: str) -> None:
    """Progress, beside the report."""
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
