"""Raw tables in a DuckDB file: open it, change all or nothing, make room for columns."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from lifecycle.errors import UserError
from lifecycle.files import quote


def open_database(database: Path, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open the DuckDB file in UTC. Raises UserError when it is in use or is no DuckDB file."""
    try:
        con = duckdb.connect(str(database), read_only=read_only)
    except duckdb.Error as error:
        text = str(error)
        if "lock" in text:
            who = re.search(r"PID \d+", text)
            raise UserError(
                f"The database {database} is open in another program"
                f"{f' ({who[0]})' if who else ''}. Close it there and try again."
            ) from None
        raise UserError(
            f"The database {database} cannot be opened: {text.splitlines()[0]}"
        ) from None
    con.execute("set TimeZone = 'UTC'")
    return con


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """What is done within is kept whole or not at all."""
    con.execute("begin")
    try:
        yield
        con.execute("commit")
    except BaseException:
        with suppress(duckdb.Error):  # a commit that failed has rolled back by itself
            con.execute("rollback")
        raise


def fit_columns(
    con: duckdb.DuckDBPyConnection, table: str, types: dict[str, str]
) -> dict[str, str]:
    """Make the raw table hold these columns: new ones are added, another type widens to text.

    Returns the type of each column as it is then.
    """
    present = table_columns(con, table)
    target = f"raw.{quote(table)}"
    if not present:
        columns = ", ".join(f"{quote(name)} {type_}" for name, type_ in types.items())
        con.execute(f"create table {target} ({columns})")
        return types
    for name, type_ in types.items():
        if name not in present:
            con.execute(f"alter table {target} add column {quote(name)} {type_}")
            present[name] = type_
        elif present[name] not in (type_, "VARCHAR"):
            con.execute(
                f"alter table {target} alter column {quote(name)} set data type varchar"
                f" using {as_text(quote(name), present[name])}"
            )
            present[name] = "VARCHAR"
    return present


def table_columns(
    con: duckdb.DuckDBPyConnection, table: str, database: str | None = None
) -> dict[str, str]:
    """The columns of a raw table with their types, {} when there is no such table.

    `database` is the name under which a file is attached; the connection's own by default.
    """
    rows = con.execute(
        "select column_name, data_type from duckdb_columns()"
        " where database_name = coalesce(?, current_database()) and schema_name = 'raw'"
        " and table_name = ? order by column_index",
        [database, table],
    ).fetchall()
    return dict(rows)


def as_text(source: str, type_: str) -> str:
    """A value as text; a nested one as JSON."""
    is_nested = type_.endswith("]") or type_.startswith(("STRUCT", "MAP", "UNION"))
    return f"cast({f'to_json({source})' if is_nested else source} as varchar)"
