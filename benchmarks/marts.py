"""Measure on a built company what its touches, baskets and buyers are turned into.

    python benchmarks/marts.py COMPANY.duckdb [--parts attribution,affinities,value] [--rounds 3]

Attribution and affinities are held against one scan-and-group over the same rows; the fit and the
scoring of customers are seconds. The company is one that `lifecycle build` has built. Prints a
Markdown table: CPU and wall seconds, the least of some rounds, two threads. Nothing is written to
the company.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
from builds import PROJECT, dbt, environment, target_folder

from lifecycle.fit import by_customer_type, grouping, parameter_rows


class Part(NamedTuple):
    """What is measured together: how many rows there are, the floor, the models."""

    size: str
    floor: tuple[str, str] | None
    models: tuple[str, ...]


PARTS = {
    "attribution": Part(
        "select 'interactions', count(*) from intermediate.int_interactions"
        " where customer_id is not null"
        " union all select 'touches', count(touch_id) from marts.attribution_touches"
        " union all select 'purchases',"
        " count(distinct (customer_id, moment_number)) filter (is_converted)"
        " from marts.attribution_touches",
        (
            "floor: interactions by customer and channel",
            "select customer_id, channel, count(*) as touches, min(occurred_at) as first_at,"
            " max(occurred_at) as last_at from intermediate.int_interactions"
            " where customer_id is not null group by customer_id, channel",
        ),
        (
            "attribution_touches",
            "attribution_transitions",
            "attribution_removal_effects",
            "attribution_credits",
            "kpi_attribution",
        ),
    ),
    "affinities": Part(
        "select 'order lines', count(*) from marts.fct_order_items"
        " union all select 'pairs', count(*) from marts.kpi_product_affinities",
        (
            "floor: lines by order and product",
            "select order_id, product_id, count(*) as rows from marts.fct_order_items"
            " where is_valid_order and is_product and product_id is not null"
            " group by order_id, product_id",
        ),
        ("kpi_product_affinities",),
    ),
    "value": Part(
        "select 'buyers', count(*) from intermediate.int_buyers_at_as_of"
        " union all select 'fitted customer types', count(*) from intermediate.int_value_parameters"
        " where is_in_force",
        None,
        ("int_expected_orders", "customer_value"),
    ),
}

Cost = tuple[float, float]


def compiled(database: Path, models: tuple[str, ...]) -> dict[str, str]:
    """The models as SQL that computes everything."""
    dbt(database, "compile", "--select", *models, "--full-refresh")
    folder = target_folder(database) / "compiled" / "customer_lifecycle" / "models"
    return {name: next(folder.rglob(f"{name}.sql")).read_text("utf-8") for name in models}


def least(rounds: int, work: Callable[[], Any]) -> Cost:
    """CPU and wall seconds of something, the least of some rounds."""
    times = []
    for _ in range(rounds):
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        times.append((time.process_time() - cpu, time.perf_counter() - wall))
    return min(cpu for cpu, _ in times), min(wall for _, wall in times)


def fitted(con: duckdb.DuckDBPyConnection, inputs: dict[str, str], rounds: int) -> dict[str, Cost]:
    """What `lifecycle fit` does: buyers grouped by SQL, then the search for parameters."""
    found: dict[str, Any] = {}

    def group() -> None:
        for name in ("orders", "values"):
            found[name] = by_customer_type(con.execute(inputs[name]).fetchall())

    costs = {"fit: grouped statistics": least(rounds, group)}
    costs["fit: search"] = least(rounds, lambda: parameter_rows(found["orders"], found["values"]))
    return costs


def fit_inputs(database: Path) -> dict[str, str]:
    """The queries that group the statistics, as dbt says them."""
    os.environ |= environment(database) | {
        "DBT_PROFILES_DIR": str(database.parent / "profiles"),
        "DBT_TARGET_PATH": str(target_folder(database)),
        "DBT_LOG_PATH": str(database.parent / "logs"),
    }
    return grouping(PROJECT, "duckdb", {"use_sample": False}) or sys.exit(1)


def table(costs: dict[str, Cost], has_floor: bool) -> str:
    """Markdown; beside a floor, the first cost, how many times it everything is."""
    head = "| | CPU s | wall s |" + (" times the floor |" if has_floor else "")
    lines = [head, "| --- | ---: | ---: |" + (" ---: |" if has_floor else "")]
    floor = next(iter(costs.values()))[0]
    for name, (cpu, wall) in costs.items():
        times = f" {cpu / floor:.1f} |" if has_floor else ""
        lines.append(f"| {name} | {cpu:.2f} | {wall:.2f} |{times}")
    if has_floor and len(costs) > 2:
        whole = sum(cpu for cpu, _ in costs.values()) - floor
        lines.append(f"| all of it | {whole:.2f} | | {whole / floor:.1f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure the parts, and print a table of each."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("database", type=Path)
    options.add_argument("--parts", default=",".join(PARTS))
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    database = given.database.resolve()
    for name in given.parts.split(","):
        part = PARTS[name]
        queries = dict([part.floor] if part.floor else []) | compiled(database, part.models)
        inputs = fit_inputs(database) if name == "value" else {}
        with (
            tempfile.TemporaryDirectory(dir=database.parent) as folder,
            duckdb.connect(f"{folder}/scratch.duckdb", config={"threads": 2}) as con,
        ):
            con.execute(f"attach '{database}' (read_only); use {database.stem}")
            con.execute("set TimeZone = 'UTC'")
            con.execute("set preserve_insertion_order = false")
            sizes = con.execute(part.size).fetchall()
            costs = {
                model: least(
                    given.rounds,
                    lambda sql=sql: con.execute(
                        f"create or replace table scratch.main.rows as {sql}"
                    ),
                )
                for model, sql in queries.items()
            }
            if inputs:
                costs = fitted(con, inputs, given.rounds) | costs
        print(f"{name}: " + ", ".join(f"{count:,} {what}" for what, count in sizes) + "\n")
        print(table(costs, part.floor is not None) + "\n", flush=True)


if __name__ == "__main__":
    main()
