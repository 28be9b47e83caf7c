"""Run SQL files in DuckDB over folders of raw Parquet and the rule seeds, within a memory limit.

    python …/run_sql.py OUT.duckdb people.sql orders.sql --raw RAW

`--raw` may be given several times; `--memory` is in gigabytes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb

HERE = Path(__file__).resolve().parent
RULES = HERE.parents[1] / "seeds" / "rules"


def run(out: Path, scripts: list[str], raw: list[Path], memory: float) -> None:
    """Execute the scripts, one after the other, in the new database `out`.

    raw: folders of Parquet files, one per raw table; a table is the files of its name in all of
    them. memory: gigabytes DuckDB may use before it writes to disk, and beyond which it stops.
    """
    with duckdb.connect(str(out)) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute("set preserve_insertion_order = false")
        con.execute(f"set memory_limit = '{memory}GB'")
        files: dict[str, list[str]] = {}
        for path in (path for folder in raw for path in sorted(folder.glob("*.parquet"))):
            files.setdefault(path.stem, []).append(str(path))
        for table, paths in files.items():
            con.execute(
                f"create temp view {table} as from read_parquet({paths}, union_by_name = true)"
            )
        for seed in RULES.glob("*.csv"):
            con.execute(f"create temp view {seed.stem} as from read_csv('{seed}', header = true)")
        for script in scripts:
            con.execute((HERE / script).read_text("utf-8"))


def main() -> None:
    """Run the scripts named on the command line."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("out", type=Path)
    options.add_argument("scripts", nargs="+")
    options.add_argument("--raw", type=Path, action="append", required=True)
    options.add_argument("--memory", type=float, default=12)
    given = options.parse_args()
    run(given.out, given.scripts, given.raw, given.memory)


if __name__ == "__main__":
    main()
