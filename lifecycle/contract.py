"""The input contract, read from the landing models' yml files."""

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from lifecycle.errors import UserError

TECHNICAL_TABLES = {"erased_rows", "erasures", "exports", "loads"}
TYPE_WORDS = {"text": "string", "int": "integer"}
COLUMNS_NAMED = 20


class Column(NamedTuple):
    """A column of the contract: its type in the contract's words, and its meta."""

    name: str
    type: str
    meta: Mapping[str, Any]


class Landed(NamedTuple):
    """A raw table of the contract, as a landing model's yml has it."""

    name: str
    columns: tuple[Column, ...]
    meta: Mapping[str, Any]


class Table(NamedTuple):
    """One raw table of the contract: its name, its columns, those a file must have, its key."""

    name: str
    columns: tuple[str, ...]
    required: tuple[str, ...]
    key: tuple[str, ...]


def read_landed(project: Path) -> dict[str, Landed]:
    """The landing models' contracts, by the name of the raw table."""
    tables = {}
    for file in sorted((project / "models" / "landing").glob("raw_*.yml")):
        for model in yaml.safe_load(file.read_text("utf-8")).get("models", []):
            columns = tuple(
                Column(
                    column["name"],
                    TYPE_WORDS.get(column["data_type"], column["data_type"]),
                    (column.get("config") or {}).get("meta", {}),
                )
                for column in model["columns"]
            )
            name = model["name"].removeprefix("raw_")
            tables[name] = Landed(name, columns, (model.get("config") or {}).get("meta", {}))
    return tables


def read_contract(project: Path) -> dict[str, Table]:
    """The raw tables that can be loaded, by name."""
    tables = {
        name: _table(landed)
        for name, landed in read_landed(project).items()
        if name not in TECHNICAL_TABLES
    }
    if not tables:
        folder = project / "models" / "landing"
        raise UserError(f"There is no contract in {folder}: no raw_<table>.yml was found.")
    return tables


def _table(landed: Landed) -> Table:
    """What loading needs to know of a raw table."""
    key = tuple(landed.meta.get("key", ()))
    required = [c.name for c in landed.columns if c.name in key or c.meta.get("required")]
    return Table(landed.name, tuple(c.name for c in landed.columns), tuple(required), key)


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


def did_you_mean(word: str, words: Collection[str]) -> str:
    """The hint for a word that is none of `words`: the nearest of them, else all."""
    close = nearest(word, words)
    return f"Did you mean {close}?" if close else f"There are: {', '.join(words)}."


def some(names: Sequence[str], most: int) -> str:
    """Names for a sentence, not all when there are more than `most`."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


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
    return kept, some([*shown, *ignored[COLUMNS_NAMED:]], COLUMNS_NAMED)


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
