"""What a load brought, in a few lines: rows, repeated keys, and what the contract finds."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import duckdb

from lifecycle.contract import Table, read_contract
from lifecycle.errors import UserError
from lifecycle.files import literal, quote
from lifecycle.landing import land
from lifecycle.load import Change
from lifecycle.tables import open_database

Say = Callable[[str], None]

HEADINGS = ("table", "files", "rows", "added", "repeated", "known", "quarantined", "seconds")
FAULTS_SHOWN = 30


def report(
    changes: Sequence[Change],
    area: Path,
    database: Path,
    project: Path,
    variables: dict[str, Any],
    names: Collection[str],
    say: Say,
) -> None:
    """Say what was loaded, per table and per fault, from the loading area it came through.

    `names` are the names of the files; other texts in `_source_file` are data and not said.
    """
    tables: dict[str, list[Change]] = {}
    for change in changes:
        tables.setdefault(change.batch.table, []).append(change)
    if not land(project, area, tables, variables, say):
        say("The rows are loaded; what the contract finds cannot be said because of this.")
        return
    contract = read_contract(project)
    known = {
        table: known_keys(area, database, contract[table], own) for table, own in tables.items()
    }
    with open_database(area, read_only=True) as con:
        lines = []
        found = []
        for table, own in tables.items():
            # The view checks every column of every row; once is enough.
            con.execute(
                "create or replace temp table verdict as select _row_key, _contract_fault,"
                f" _source_file from landing.{quote(f'raw_{table}')}"
            )
            lines.append(line_of(con, table, own, known[table]))
            found += faults(con, table, names)
    found.sort(key=lambda row: (-row[3], row[0], row[1], row[2] or ""))
    say("")
    for line in aligned([HEADINGS, *lines]):
        say(line)
    say(
        "rows: in the files or made by the mapping; added: new in the warehouse; repeated: rows "
        "whose key came before in this load; known: keys that the warehouse has already, the "
        "latest version counts."
    )
    if not found:
        say("The contract finds no fault.")
        return
    say("")
    say("Quarantined rows, by fault")
    for table, fault, file, rows in found[:FAULTS_SHOWN]:
        say(f"{rows:>12,} {table}: {fault}{f' ({file})' if file else ''}")
    if len(found) > FAULTS_SHOWN:
        rest = found[FAULTS_SHOWN:]
        say(f"{sum(row[3] for row in rest):>12,} in {len(rest):,} more faults and files")
    say(
        "They are kept in the raw tables and left out of the marts. After a build "
        "marts.quarantined_rows shows each, with those whose order, rate or merge is not in order."
    )


def line_of(
    con: duckdb.DuckDBPyConnection, table: str, own: Sequence[Change], known: int | None
) -> tuple[str, ...]:
    """The figures of one table, in the order of HEADINGS."""
    rows, faulty, keys = con.execute(
        "select count(*), count(_contract_fault),"
        " count(distinct _row_key) filter (where _contract_fault is null) from verdict"
    ).fetchone()
    return (
        table,
        f"{sum(change.batch.files for change in own):,}",
        f"{rows:,}",
        f"{sum(change.added for change in own):,}",
        f"{rows - faulty - keys:,}",
        "–" if known is None else f"{known:,}",
        f"{faulty:,}",
        f"{sum(change.batch.seconds + change.seconds for change in own):,.1f}",
    )


def known_keys(area: Path, database: Path, table: Table, own: Sequence[Change]) -> int | None:
    """How many keys of a load the warehouse had before; None when it is in use by now."""
    key = ", ".join(f"{_bare(column)} as {quote(column)}" for column in table.key)
    loads = ", ".join(literal(change.batch.load_id) for change in own)
    try:
        with open_database(database, read_only=True) as con:
            con.execute(f"attach {literal(area)} as incoming (read_only)")
            name = f"raw.{quote(table.name)}"
            return con.execute(
                f"select count(*) from (select distinct {key} from incoming.{name})"
                f" semi join (select {key} from {name} where _load_id not in ({loads}))"
                f" using ({', '.join(quote(column) for column in table.key)})"
            ).fetchone()[0]
    except (UserError, duckdb.Error):
        return None


def _bare(column: str) -> str:
    """A key column as text without blanks around it; to look for them is faster than to trim."""
    text = f"cast({quote(column)} as varchar)"
    has_blanks = f"prefix({text}, ' ') or suffix({text}, ' ')"
    return f"case when {has_blanks} then trim({text}) else {text} end"


def faults(
    con: duckdb.DuckDBPyConnection, table: str, names: Collection[str]
) -> list[tuple[str, str, str | None, int]]:
    """Table, fault, file and rows of what breaks the contract; no file where it is no name."""
    found: dict[tuple[str, str, str | None], int] = {}
    for fault, file, rows in con.execute(
        "select _contract_fault, _source_file, count(*) from verdict"
        " where _contract_fault is not null group by all"
    ).fetchall():
        key = (table, fault, file if file in names else None)
        found[key] = found.get(key, 0) + rows
    return [(*key, rows) for key, rows in found.items()]


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows as lines: the first column to the left, figures to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
