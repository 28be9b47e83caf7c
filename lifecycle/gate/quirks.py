"""Known quirks of a source: counted in its files and told by name, so that nobody wonders.

The format is in docs/quality-gate.md.
"""

from pathlib import Path
from typing import NamedTuple

import duckdb
import yaml

from lifecycle.contract import did_you_mean
from lifecycle.errors import UserError
from lifecycle.files import quote, sentence
from lifecycle.gate.engine import INFO, Check, Suite
from lifecycle.gate.report import QUIRKS
from lifecycle.mapping import where_of

KEYS = ("name", "what", "sql", "ends")


class Quirk(NamedTuple):
    """One quirk: its name, what it is, a query of one number, and where such rows end."""

    name: str
    what: str
    sql: str
    ends: str


def read_quirks(mapping: Path) -> list[Quirk]:
    """The quirks of a mapping's quirks.yml, [] without one. Raises UserError for a bad entry."""
    file = mapping / "quirks.yml"
    if not file.is_file():
        return []
    where = where_of(file)
    try:
        entries = yaml.safe_load(file.read_text("utf-8-sig")) or []
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{where} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UserError(f"{where}: write a list of quirks, each with {', '.join(KEYS)}.")
    quirks: list[Quirk] = []
    for number, entry in enumerate(entries, 1):
        label = f"{where}, quirk {entry.get('name', number)}"
        for key in entry:
            if key not in KEYS:
                raise UserError(f"{label}: there is no {key}. {did_you_mean(str(key), KEYS)}")
        texts = {key: " ".join(str(entry.get(key) or "").split()) for key in KEYS if key != "sql"}
        texts["sql"] = str(entry.get("sql") or "").strip()
        for key in KEYS:
            if not texts[key]:
                raise UserError(f"{label}: {key} is missing.")
        if texts["name"] in [quirk.name for quirk in quirks]:
            raise UserError(f"{label}: the name is there twice. Give one of them another.")
        quirks.append(Quirk(**texts))
    return quirks


def count_quirk(con: duckdb.DuckDBPyConnection, quirk: Quirk, query: str, where: str) -> int:
    """The number that the quirk's query gives. Raises UserError when it gives anything else."""
    label = f"{where}, quirk {quirk.name}"
    try:
        rows = con.execute(query).fetchall()
    except duckdb.Error as error:
        raise UserError(sentence(error, label)) from None
    if len(rows) != 1 or len(rows[0]) != 1 or not isinstance(rows[0][0], int):
        raise UserError(f"{label}: its sql must give one number, as `select count(*) from …` does.")
    return rows[0][0]


def quirk_suite(found: dict[Quirk, int]) -> Suite:
    """A suite that tells each quirk with its number and never fails."""
    columns = ", ".join(f"{count} as {quote(quirk.name)}" for quirk, count in found.items())
    checks = [
        Check(
            "ExpectColumnMaxToBeBetween",
            {"column": quirk.name, "min_value": 0},
            INFO,
            f"{quirk.name}: {quirk.what.rstrip('.')}. They end: {quirk.ends.rstrip('.')}.",
            "",
            place=quirk.name,
        )
        for quirk in found
    ]
    return Suite(QUIRKS, f"select {columns}", checks)
