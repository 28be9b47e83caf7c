"""The conventions that dbt's manifest does not show; dbt-bouncer.yml has those it does."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
SEEDS = sorted((PROJECT / "seeds").rglob("*.csv"))
SQL = sorted(
    file
    for folder in ("models", "macros", "tests/data")
    for file in (PROJECT / folder).rglob("*.sql")
)

# An operation, run by `lifecycle fit` and by no build: it writes down when a fit was made.
OPERATIONS = {PROJECT / "macros" / "rules" / "fit.sql"}
# A macro or the variable `as_of` says what time it is; the machine's clock never does.
CLOCK = re.compile(
    r"\b(current_date|current_time|current_timestamp|localtimestamp|getdate|sysdate|now\s*\(|"
    r"today\s*\(|run_started_at|datetime\.now|utcnow)",
    re.IGNORECASE,
)
MACHINE_PATH = re.compile(r"(/home/|/Users/|/root/|/tmp/|[A-Z]:\\)")


def name_of(file: Path) -> str:
    """A file as it is named in a message."""
    return str(file.relative_to(PROJECT))


def without_comments(sql: str) -> str:
    """SQL without its comments."""
    return re.sub(r"\{#.*?#\}|/\*.*?\*/|--[^\n]*", "", sql, flags=re.DOTALL)


def text_files() -> Iterator[Path]:
    """Every text file of the project that a user gets."""
    kept = (".sql", ".yml", ".py", ".csv", ".md", ".toml", ".in", ".txt")
    folders = ("models", "macros", "seeds", "tests", "lifecycle", "mappings", "analyses", "docs")
    yield from (file for file in PROJECT.glob("*") if file.suffix in kept)
    for folder in folders:
        for file in (PROJECT / folder).rglob("*"):
            if file.suffix in kept and "__pycache__" not in file.parts:
                yield file


@pytest.mark.parametrize("file", [f for f in SQL if f not in OPERATIONS], ids=name_of)
def test_no_wall_clock(file: Path) -> None:
    found = CLOCK.search(without_comments(file.read_text("utf-8")))
    assert not found, f"{name_of(file)} asks the machine for the time: {found and found[0]}"


@pytest.mark.parametrize("file", SEEDS, ids=name_of)
def test_a_seed_declares_the_type_of_every_column(file: Path) -> None:
    with file.open(encoding="utf-8", newline="") as stream:
        header = next(csv.reader(stream))
    entries = [
        entry
        for beside in sorted(file.parent.glob("*.yml"))
        for entry in (yaml.safe_load(beside.read_text("utf-8")) or {}).get("seeds", [])
        if entry["name"] == file.stem
    ]
    assert len(entries) == 1, f"{name_of(file)} must be described in {file.parent.name}, once"
    declared = (entries[0].get("config") or {}).get("column_types", {})
    missing = [name for name in header if name not in declared]
    assert not missing, f"{name_of(file)}: no column_types for {', '.join(missing)}"


def test_no_hub_packages() -> None:
    assert not (PROJECT / "packages.yml").exists()
    assert not (PROJECT / "dependencies.yml").exists()


def test_no_path_of_a_machine() -> None:
    found = [
        name_of(file)
        for file in text_files()
        if file != Path(__file__) and MACHINE_PATH.search(file.read_text("utf-8"))
    ]
    assert not found
