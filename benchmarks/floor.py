"""The floor under any load and build: raw Parquet copied into DuckDB tables, and nothing else.

    python benchmarks/floor.py RAW OUT.duckdb

Prints {"seconds": …, "rows": {table: rows}} as JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import duckdb


def copy(raw: Path, database: Path) -> tuple[float, dict[str, int]]:
    """Copy each Parquet file in `raw` into a table; seconds it takes, and rows per table."""
    files = sorted(path for path in raw.glob("*.parquet") if not path.stem.startswith("truth_"))
    rows = {}
    with duckdb.connect(str(database)) as con:
        con.execute("set preserve_insertion_order = false")  # as the build has it
        start = time.perf_counter()
        for path in files:
            con.execute(f"create table {path.stem} as from read_parquet('{path}')")
        con.execute("checkpoint")
        seconds = time.perf_counter() - start
        for path in files:
            (rows[path.stem],) = con.execute(f"select count(*) from {path.stem}").fetchone()
    return seconds, rows


def main() -> None:
    """Copy, and print what it took."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("raw", type=Path)
    options.add_argument("database", type=Path)
    given = options.parse_args()
    seconds, rows = copy(given.raw, given.database)
    print(json.dumps({"seconds": seconds, "rows": rows}))


if __name__ == "__main__":
    main()
