"""The input contract, read from the landing models' yml files."""

import difflib
import re
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import yaml

from lifecycle.errors import UserError

TECHNICAL_TABLES = {"loads"}
TECHNICAL_COLUMNS = ("_loaded_at", "_source_file")
COLUMNS_NAMED = 20


class Table(NamedTuple):
    """One raw table of the contract: its name, its columns, those a file must have, its key."""

    name: str
    columns: tuple[str, ...]
    required: tuple[str, ...]
    key: tuple[str, ...]


def read_contract(project: Path) -> dict[str, Table]:
    """The raw tables that can be loaded, by name."""
    folder = project / "models" / "landing"
    tables = {}
    for file in sorted(folder.glob("raw_*.yml")):
        for model in yaml.safe_load(file.read_text("utf-8")).get("models", []):
            table = _table(model)
            if table.name not in TECHNICAL_TABLES:
                tables[table.name] = table
    if not tables:
        raise UserError(f"There is no contract in {folder}: no raw_<table>.yml was found.")
    return tables


def _table(model: dict) -> Table:
    """A landing model's yml entry as a table of the contract."""
    key = (model.get("config") or {}).get("meta", {}).get("key", [])
    columns = {column["name"]: column for column in model.get("columns", [])}
    required = [
        name
        for name, column in columns.items()
        if name in key or (column.get("config") or {}).get("meta", {}).get("required")
    ]
    return Table(model["name"].removeprefix("raw_"), tuple(columns), tuple(required), tuple(key))


def table_of(file: Path, tables: Collection[str]) -> str | None:
    """The table a file is named after: `orders.csv`, `orders_2024-01.parquet`; else None."""
    name = file.name.lower()
    for table in sorted(tables, key=len, reverse=True):
        if re.match(rf"{table}[_.\-]", name):
            return table
    return None


def nearest(word: str, words: Collection[str]) -> str | None:
    """The one of `words` that `word` most likely means, or None."""
    found = difflib.get_close_matches(word.lower(), list(words), n=1, cutoff=0.65)
    return found[0] if found else None


def kept_columns(table: Table, given: list[str], where: str) -> tuple[dict[str, str], str]:
    """Match a file's columns with the contract.

    Returns {name as given: name in the raw table} and the names of what is left out. Own columns
    stay when they begin with `x_` or `_`. Raises UserError, with `where` in front, for
    a missing required column or a name that comes twice.
    """
    kept: dict[str, str] = {}
    ignored: list[str] = []
    for column in given:
        name = column.strip().lower()
        if name in kept.values():
            raise UserError(f"{where}: the column {name} is there twice. Keep one of them.")
        if name in table.columns or name.startswith(("x_", "_")):
            kept[column] = name
        else:
            ignored.append(name)
    for name in table.required:
        if name not in kept.values():
            raise UserError(_missing(table, name, ignored, where))
    free = set(table.columns) - set(kept.values())
    shown = [_with_hint(name, free) for name in ignored[:COLUMNS_NAMED]]
    more = f" and {len(ignored) - COLUMNS_NAMED:,} more" if len(ignored) > COLUMNS_NAMED else ""
    return kept, f"{', '.join(shown)}{more}"


def _missing(table: Table, name: str, ignored: list[str], where: str) -> str:
    """The sentence about a required column that is not there."""
    close = nearest(name, ignored)
    hint = (
        f"Did you mean it by {close}? Rename it."
        if close
        else f"The contract is models/landing/raw_{table.name}.yml."
    )
    return f"{where}: the required column {name} of {table.name} is missing. {hint}"


def _with_hint(name: str, free: set[str]) -> str:
    """A column name, with the contract's nearest unused name when one is close."""
    close = nearest(name, free)
    return f"{name} (did you mean {close}?)" if close else name
