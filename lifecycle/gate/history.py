"""What the last loads brought, read from the warehouse without ever waiting for it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from lifecycle.contract import Landed
from lifecycle.errors import UserError
from lifecycle.files import quote
from lifecycle.gate.contract import History
from lifecycle.gate.thresholds import thresholds


def read_history(
    database: Path, tables: Iterable[Landed]
) -> tuple[dict[str, History], dict[str, Any], str]:
    """The last loads of each table, the variables that mappings left, and why there is none.

    The reason is '' when the warehouse could be read. It is opened read-only; one that is not there
    or that a build holds open is no error.
    """
    from lifecycle.load import open_database

    if not database.exists():
        return (
            {},
            {},
            f"There is no warehouse {database.name} yet: nothing to compare volumes with.",
        )
    try:
        con = open_database(database, read_only=True)
    except UserError as error:
        return {}, {}, f"Checked without the history of earlier loads: {error}"
    with con:
        present = {
            (row[0], row[1])
            for row in con.execute(
                "select table_name, column_name from duckdb_columns()"
                " where database_name = current_database() and schema_name = 'raw'"
            ).fetchall()
        }
        if ("loads", "loaded_at") not in present:
            return (
                {},
                {},
                f"Nothing is loaded in {database.name} yet: no volumes to compare with.",
            )
        settings = {}
        if ("_settings", "value") in present:
            rows = con.execute("select name, value from raw._settings order by name").fetchall()
            settings = {name: yaml.safe_load(value) for name, value in rows}
        return {table.name: _history(con, table, present) for table in tables}, settings, ""


def _history(con: Any, table: Landed, present: set[tuple[str, str]]) -> History:
    """The last loads of one table: files that were loaded at one instant are one load."""
    loads = con.execute(
        "select sum(row_count), list(load_id) from raw.loads where table_name = ?"
        " group by loaded_at order by loaded_at desc limit ?",
        [table.name, thresholds("incoming")["loads_compared"]],
    ).fetchall()
    event = table.meta.get("event_time")
    newest = None
    if loads and {(table.name, event), (table.name, "_load_id")} <= present:
        # Times without an offset are UTC, as the connection is. What the contract would not take
        # as a time of the past is left out.
        (newest,) = con.execute(
            f"select max(happened) from (select try_cast({quote(event)} as timestamptz)"
            " at time zone 'UTC' as happened,"
            " try_cast(_loaded_at as timestamptz) at time zone 'UTC' as loaded"
            f" from raw.{quote(table.name)} where list_contains(?, _load_id)) as timed"
            " where happened <= loaded + interval 1 day",
            [[load_id for _, load_ids in loads for load_id in load_ids]],
        ).fetchone()
    return History(tuple(int(rows) for rows, _ in loads if rows is not None), newest)
