"""What was measured, as Markdown."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from builds import Build
from processes import Cost

SHOWN = 15
SMALLEST_TABLE = 1_000  # rows; smaller ones are not listed
RUNS = {"full": "full build", "daily": "daily run", "empty": "run with nothing new"}


def markdown(given: argparse.Namespace, measured: list[dict[str, Any]]) -> str:
    """The report of one run; `measured` goes from the smallest company to the largest."""
    largest = measured[-1]
    lines = [
        f"{largest['customers']:,} customers, {given.days:,} days, seed {given.seed}.",
        machine(given.busy),
        "",
        "```sh",
        command(),
        "```",
        "",
        *rows_table(largest),
        "",
        *costs_table(largest),
    ]
    if "daily" in largest:
        lines += ["", *verdict(largest)]
    if largest.get("alternatives"):
        lines += ["", *alternatives_table(given, largest)]
    if len(measured) > 1:
        lines += ["", *sizes_table(measured)]
    return "\n".join([*lines, "", *models_table(largest)])


def machine(busy: float) -> str:
    """The machine, without its name, and how busy it was before."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    tools = ", ".join(
        f"{name} {version(package)}"
        for name, package in (("DuckDB", "duckdb"), ("dbt", "dbt-core"), ("pandas", "pandas"))
    )
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {tools}; load average before the run {busy:.1f}. "
        "Absolute times are the machine's: compare within one report."
    )


def command() -> str:
    """The command that was given, without folders."""
    folders = ("--work", "--data")
    words = sys.argv[1:]
    shown = [
        word
        for before, word in zip(["", *words], words, strict=False)
        if not word.startswith(folders) and before not in folders
    ]
    return " ".join(["python benchmarks/run.py", *shown])


def rows_table(found: dict[str, Any]) -> Iterator[str]:
    """Rows per raw table, and what the delivery brings."""
    delivery = found.get("delivery", {})
    yield "| raw table | rows | delivery |"
    yield "| --- | ---: | --- |"
    for name, count in found["rows"].items():
        mix = delivery.get(name, {})
        if count >= SMALLEST_TABLE or mix:
            kinds = ", ".join(f"{rows:,} {kind}" for kind, rows in mix.items())
            yield f"| {name} | {count:,} | {kinds} |"


def costs_table(found: dict[str, Any]) -> Iterator[str]:
    """Floor, load and the three runs."""
    floor, full = found["floor_seconds"], found["full"]
    yield "| | process | all models | models ÷ full build's | peak memory | database after |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    size = f"{found['floor_megabytes']:,.0f} MB"
    yield f"| floor: the same Parquet copied into tables | {floor:.1f} s | | | | {size} |"
    yield load_row("`lifecycle load`", found["load"], found["loaded_megabytes"])
    yield run_row("full build", full, full, found["built_megabytes"])
    if "daily" in found:
        yield load_row("`lifecycle load` of the delivery", found["daily_load"])
        yield run_row("daily run", found["daily"], full, found["daily_megabytes"])
        yield run_row("run with nothing new", found["empty"], full)
    yield ""
    yield (
        f"Full build ÷ floor: {full.cost.seconds / floor:.1f} (process). *All models* is the sum "
        "of the models' times, of which two run at once; *process* includes the start of dbt."
    )


def load_row(name: str, cost: Cost, size: float | None = None) -> str:
    """A row of the table of costs for a load."""
    after = f"{size:,.0f} MB" if size else ""
    return f"| {name} | {cost.seconds:.1f} s | | | {cost.peak_megabytes:,.0f} MB | {after} |"


def run_row(name: str, build: Build, full: Build, size: float | None = None) -> str:
    """A row of the table of costs for a dbt run."""
    after = f"{size:,.0f} MB" if size else ""
    share = build.model_seconds / full.model_seconds
    return (
        f"| {name} | {build.cost.seconds:.1f} s | {build.model_seconds:.1f} s | {share:.1%} "
        f"| {build.cost.peak_megabytes:,.0f} MB | {after} |"
    )


def verdict(found: dict[str, Any]) -> Iterator[str]:
    """Whether the marts after the daily run are those of a full build."""
    if "differences" not in found:
        yield "The marts after the daily run were not compared with a full build in this run."
    elif not found["differences"]:
        yield (
            f"The marts after the daily run equal a full build of the same rows: "
            f"{found['compared']:,} rows compared, both ways, all columns."
        )
    else:
        yield "**The marts after the daily run differ from a full build of the same rows:**"
        yield ""
        yield from (f"- `{table}`: {what}" for table, what in found["differences"].items())


def alternatives_table(given: argparse.Namespace, found: dict[str, Any]) -> Iterator[str]:
    """The alternatives beside what ours takes for the same answer, and beside the whole."""
    yield "| | first time | each day after | peak memory | result on disk |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    full, daily = found["full"], found["daily"]
    first_load, daily_load = found["load"].seconds, found["daily_load"].seconds
    peak = f"{full.cost.peak_megabytes:,.0f} MB"
    size = f"{found['built_megabytes'] - found['loaded_megabytes']:,.0f} MB"
    yield (
        f"| **this project, everything** ({len(full.models)} models) "
        f"| {first_load:.1f} + {full.cost.seconds:.1f} s "
        f"| {daily_load:.1f} + {daily.cost.seconds:.1f} s | {peak} | {size} |"
    )
    for name, cost, megabytes in found["alternatives"]:
        first, again = found["first_answers"][name], found["daily_answers"][name]
        yield (
            f"| **this project, in place of the {name}** ({len(first.models)} models) "
            f"| {first_load:.1f} + {first.cost.seconds:.1f} s "
            f"| {daily_load:.1f} + {again.cost.seconds:.1f} s "
            f"| {first.cost.peak_megabytes:,.0f} MB | |"
        )
        yield rival_row(name, cost, megabytes)
    yield ""
    yield (
        "All are processes that had the machine for themselves; ours are the load of all raw "
        f"tables and a run of dbt. An alternative may use {given.memory:g} GB and "
        f"{given.alternative_minutes:g} minutes. It reads the Parquet of both deliveries and loads "
        "nothing, and every day it begins anew."
    )
    yield ""
    yield "| | first time | each day after | each day after, without our load |"
    yield "| --- | ---: | ---: | ---: |"
    for name, cost, _ in found["alternatives"]:
        least = "at least " if cost.died else ""
        first = found["first_answers"][name].cost.seconds
        again = found["daily_answers"][name].cost.seconds
        for what, once, daily_run in (
            ("the same answer", first, again),
            ("everything", full.cost.seconds, daily.cost.seconds),
        ):
            yield (
                f"| {name} ÷ ours, {what} "
                f"| {least}{cost.seconds / (first_load + once):.2f} "
                f"| {least}{cost.seconds / (daily_load + daily_run):.2f} "
                f"| {least}{cost.seconds / daily_run:.2f} |"
            )


def rival_row(name: str, cost: Cost, megabytes: float) -> str:
    """What an alternative cost, or how it died."""
    first = f"{cost.seconds:.1f} s"
    again = f"{cost.seconds:.1f} s (all of it again)"
    if cost.died:
        first = again = f"died after {cost.seconds:.0f} s: {cost.died}"
    return (
        f"| **{name}** | {first} | {again} | {cost.peak_megabytes:,.0f} MB | {megabytes:,.0f} MB |"
    )


def sizes_table(measured: list[dict[str, Any]]) -> Iterator[str]:
    """Time of load and full build by size."""
    first = measured[0]
    yield "| customers | load | full build | all models | ÷ the smallest | peak memory |"
    yield "| ---: | ---: | ---: | ---: | ---: | ---: |"
    for found in measured:
        full = found["full"]
        times = full.model_seconds / first["full"].model_seconds
        data = sum(found["rows"].values()) / sum(first["rows"].values())
        yield (
            f"| {found['customers']:,} | {found['load'].seconds:.1f} s | {full.cost.seconds:.1f} s "
            f"| {full.model_seconds:.1f} s | {times:.2f} of the time for {data:.2f} of the rows "
            f"| {full.cost.peak_megabytes:,.0f} MB |"
        )


def models_table(found: dict[str, Any]) -> Iterator[str]:
    """The slowest models of each run, side by side."""
    runs = {key: name for key, name in RUNS.items() if key in found}
    yield "| " + " | ".join(f"{name} | s" for name in runs.values()) + " |"
    yield "|" + " --- | ---: |" * len(runs)
    columns = [list(found[key].models.items())[:SHOWN] for key in runs]
    for place in range(max(map(len, columns))):
        cells = [
            f"{column[place][0]} | {column[place][1]:.2f}" if place < len(column) else " | "
            for column in columns
        ]
        yield "| " + " | ".join(cells) + " |"
