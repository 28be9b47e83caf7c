"""Measure attribution on a built company against one scan-and-group over the same touches.

    python benchmarks/attribution.py COMPANY.duckdb

The company is one that `lifecycle build` has built. Prints a Markdown table: CPU and wall seconds,
the least of three rounds, of the floor (every interaction read once, counted by customer and
channel), of the path table computed anew, and of the models on it. Nothing is written to the
company.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import duckdb
from builds import dbt, target_folder

ROUNDS = 3
FLOOR = (
    "select customer_id, channel, count(*) as touches, min(occurred_at) as first_at,"
    " max(occurred_at) as last_at from intermediate.int_interactions"
    " where customer_id is not null group by customer_id, channel"
)
MODELS = (
    "attribution_touches",
    "attribution_transitions",
    "attribution_removal_effects",
    "attribution_credits",
    "kpi_attribution",
)


def compiled(database: Path) -> dict[str, str]:
    """The models as SQL that computes everything."""
    dbt(database, "compile", "--select", *MODELS, "--full-refresh")
    folder = target_folder(database) / "compiled" / "customer_lifecycle" / "models" / "marts"
    return {name: next(folder.rglob(f"{name}.sql")).read_text("utf-8") for name in MODELS}


def measured(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[float, float]:
    """CPU and wall seconds to write the rows of a query into a table, the least of some rounds."""
    times = []
    for _ in range(ROUNDS):
        cpu, wall = time.process_time(), time.perf_counter()
        con.execute(f"create or replace table scratch.main.rows as {sql}")
        times.append((time.process_time() - cpu, time.perf_counter() - wall))
    return min(cpu for cpu, _ in times), min(wall for _, wall in times)


def main() -> None:
    """Measure, and print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("database", type=Path)
    database = options.parse_args().database
    queries = {"floor: scan and group": FLOOR, **compiled(database)}
    with (
        tempfile.TemporaryDirectory() as folder,
        duckdb.connect(f"{folder}/scratch.duckdb") as con,
    ):
        con.execute(f"attach '{database}' (read_only); use {database.stem}")
        con.execute("set TimeZone = 'UTC'")
        con.execute("set preserve_insertion_order = false")
        (interactions,) = con.execute(
            "select count(*) from intermediate.int_interactions where customer_id is not null"
        ).fetchone()
        touches, purchases = con.execute(
            "select count(touch_id),"
            " count(distinct (customer_id, moment_number)) filter (is_converted)"
            " from marts.attribution_touches"
        ).fetchone()
        costs = {name: measured(con, sql) for name, sql in queries.items()}
    (floor, _), *_ = costs.values()
    print(f"{interactions:,} interactions, {touches:,} touches, {purchases:,} purchases\n")
    print("| | CPU s | wall s | times the floor |")
    print("| --- | ---: | ---: | ---: |")
    for name, (cpu, wall) in costs.items():
        print(f"| {name} | {cpu:.2f} | {wall:.2f} | {cpu / floor:.1f} |")
    whole = sum(cpu for cpu, _ in costs.values()) - floor
    print(f"| attribution, all of it | {whole:.2f} | | {whole / floor:.1f} |")


if __name__ == "__main__":
    main()
