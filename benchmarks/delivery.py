"""The day after: a second delivery for a company that `lifecycle generate` made.

    python benchmarks/delivery.py RAW OUT --share 0.001

New orders with their lines and touches, of known and new customers; late rows, corrections, exact
repeats, refunds of old orders, logins and merges. The SQL is in benchmarks/delivery; the rows
follow from the raw Parquet alone, chosen by the hash of their ids.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import duckdb

STEPS = Path(__file__).parent / "delivery"
PREFIX = "delivered_"


def deliver(raw: Path, out: Path, share: float = 0.001) -> dict[str, dict[str, int]]:
    """Write a delivery for the Parquet files in `raw` to `out`, one file per table.

    share: rows delivered per row that is there, of each large table. Returns the rows per table
    and kind: {"orders": {"new": 70, "late": 10, …}, …}.
    """
    out.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute("set variable share = ?", [share])
        for path in sorted(raw.glob("*.parquet")):
            con.execute(f"create view {path.stem} as from read_parquet('{path}')")
        for step in sorted(STEPS.glob("*.sql")):
            con.execute(step.read_text("utf-8"))
        names = con.execute(
            f"select table_name from duckdb_tables() where table_name like '{PREFIX}%' order by 1"
        ).fetchall()
        mix = {}
        for (name,) in names:
            table = name.removeprefix(PREFIX)
            kinds = con.execute(f"select mix, count(*) from {name} group by 1 order by 1")
            mix[table] = dict(kinds.fetchall())
            if not mix[table]:
                continue  # the company has nothing of the kind, or its rates reach further
            # The columns and types of the company's own file.
            con.execute(f"create temp table typed as from {table} limit 0")
            con.execute(f"insert into typed by name select * exclude (mix) from {name}")
            con.execute(
                f"copy (from typed order by all) to '{out / table}.parquet' (format parquet)"
            )
            con.execute("drop table typed")
    return {table: kinds for table, kinds in mix.items() if kinds}


def main() -> None:
    """Write a delivery and print its mix as JSON."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("raw", type=Path)
    options.add_argument("out", type=Path)
    options.add_argument("--share", type=float, default=0.001)
    given = options.parse_args()
    print(json.dumps(deliver(given.raw, given.out, given.share)))


if __name__ == "__main__":
    main()
