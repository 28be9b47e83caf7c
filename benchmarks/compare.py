"""Are the marts of two DuckDB files equal, row by row?

    python benchmarks/compare.py copy-raw WAREHOUSE.duckdb REBUILT.duckdb
    python benchmarks/compare.py marts WAREHOUSE.duckdb REBUILT.duckdb

`copy-raw` makes a database with the raw tables alone, to be built in full. `marts` prints
{"rows": rows compared, "differences": {table: what differs}} as JSON. The files need different
names: views name the database they are in.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import duckdb


def copy_raw(source: Path, target: Path) -> None:
    """Copy the schema `raw` of one database into a new one."""
    with duckdb.connect(str(target)) as con:
        con.execute(f"attach '{source}' as source (read_only)")
        con.execute("create schema raw")
        for table in tables(con, "source", "raw"):
            con.execute(f"create table raw.{table} as from source.raw.{table}")


def differences(one: Path, other: Path) -> tuple[int, dict[str, str]]:
    """Rows compared, and {table: what differs} for the tables and views of schema `marts`."""
    found: dict[str, str] = {}
    compared = 0
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        for path in (one, other):
            con.execute(f"attach '{path}' as \"{path.stem}\" (read_only)")
        here, there = tables(con, one.stem, "marts"), tables(con, other.stem, "marts")
        for table in sorted(set(here) ^ set(there)):
            found[table] = "only one database has it"
        for table in sorted(set(here) & set(there)):
            left, right = (f'"{path.stem}".marts."{table}"' for path in (one, other))
            columns = [con.execute(f"describe {side}").fetchall() for side in (left, right)]
            if [column[:2] for column in columns[0]] != [column[:2] for column in columns[1]]:
                found[table] = "columns differ"
                continue
            rows, extra, missing = con.execute(
                f"""
                select
                    (select count(*) from {left}),
                    (select count(*) from (from {left} except all from {right})),
                    (select count(*) from (from {right} except all from {left}))
                """
            ).fetchone()
            compared += rows
            if extra or missing:
                found[table] = f"{extra:,} rows too many, {missing:,} missing, of {rows:,}"
    return compared, found


def tables(con: duckdb.DuckDBPyConnection, database: str, schema: str) -> list[str]:
    """Tables and views of a schema."""
    rows = con.execute(
        "select table_name from information_schema.tables"
        " where table_catalog = ? and table_schema = ? order by 1",
        [database, schema],
    ).fetchall()
    return [name for (name,) in rows]


def main() -> None:
    """Copy or compare."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("what", choices=["copy-raw", "marts"])
    options.add_argument("one", type=Path)
    options.add_argument("other", type=Path)
    given = options.parse_args()
    if given.what == "copy-raw":
        copy_raw(given.one, given.other)
    else:
        rows, found = differences(given.one, given.other)
        print(json.dumps({"rows": rows, "differences": found}))


if __name__ == "__main__":
    main()
