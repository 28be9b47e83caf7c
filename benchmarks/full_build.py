"""Time a full build on generated data, model by model, beside the floor, in one run.

The floor is the same raw Parquet copied into DuckDB tables. Prints Markdown.

    python benchmarks/full_build.py --customers 100000 --days 1095 --seed 1
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parents[1]
SHOWN = 15


def main() -> None:
    """Generate (or take ``--data``), load, copy, build; print what each cost."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--customers", type=int, default=100_000)
    options.add_argument("--days", type=int, default=1095)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--data", type=Path, help="a folder of raw Parquet; nothing is generated")
    options.add_argument("--work", type=Path, help="where databases go (default: temporary)")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(dir=given.work) as folder:
        print(measure(given, Path(folder)))


def measure(given: argparse.Namespace, work: Path) -> str:
    """The report of one run, as Markdown."""
    data = given.data
    if data is None:
        data = work / "raw"
        lifecycle(
            work, "generate", "--customers", str(given.customers), "--days", str(given.days),
            "--seed", str(given.seed), "--out", str(data), "--format", "parquet",
        )  # fmt: skip
    files = sorted(path for path in data.glob("*.parquet") if not path.stem.startswith("truth_"))
    floor, rows = copy(files, work / "floor.duckdb")
    load = timed(lambda: lifecycle(work, "load", str(data)))
    database = work / "warehouse.duckdb"
    loaded_bytes = database.stat().st_size
    run_dbt(work, "seed")
    before = peak_megabytes()
    build = timed(lambda: run_dbt(work, "run"))
    models = model_seconds(work / "target" / "run_results.json")
    total = sum(models.values())
    lines = [
        "| raw table | rows |",
        "| --- | ---: |",
        *(f"| {name} | {count:,} |" for name, count in rows.items() if count > 10_000),
        "",
        "| what | figure |",
        "| --- | ---: |",
        f"| floor: the same Parquet copied into tables | {floor:.1f} s |",
        f"| `lifecycle load` | {load:.1f} s |",
        f"| `dbt run`, whole process | {build:.1f} s |",
        f"| sum of the models' times (two run at once) | {total:.1f} s |",
        f"| build ÷ floor | {build / floor:.1f} |",
        f"| peak memory of the build | {max(peak_megabytes(), before):,.0f} MB |",
        f"| database: raw, then with all layers | {loaded_bytes / 1e6:,.0f} MB, "
        f"{database.stat().st_size / 1e6:,.0f} MB |",
        "",
        "| model | seconds |",
        "| --- | ---: |",
        *(f"| {name} | {seconds:.1f} |" for name, seconds in list(models.items())[:SHOWN]),
    ]
    return "\n".join(lines)


def copy(files: list[Path], database: Path) -> tuple[float, dict[str, int]]:
    """Seconds that plain copies of the files into tables take, and their rows."""
    rows = {}
    with duckdb.connect(str(database)) as connection:
        connection.execute("set threads = 2")
        start = time.perf_counter()
        for path in files:
            connection.execute(f"create table {path.stem} as select * from read_parquet('{path}')")
        connection.execute("checkpoint")
        seconds = time.perf_counter() - start
        for path in files:
            (rows[path.stem],) = connection.execute(f"select count(*) from {path.stem}").fetchone()
    return seconds, rows


def lifecycle(work: Path, *arguments: str) -> None:
    """Run the project's own command on the benchmark's database."""
    run([sys.executable, "-m", "lifecycle", *arguments], work)


def run_dbt(work: Path, command: str) -> None:
    """Run one dbt command on what was loaded."""
    profiles = work / "profiles"
    profiles.mkdir(exist_ok=True)
    (profiles / "profiles.yml").write_text((PROJECT / "profiles.example.yml").read_text())
    run(
        [
            sys.executable, "-c", "from dbt.cli.main import cli; cli()",
            "--log-path", str(work / "logs"), command, "--project-dir", str(PROJECT),
            "--profiles-dir", str(profiles), "--target-path", str(work / "target"),
            "--vars", '{"use_sample": false}',
        ],
        work,
    )  # fmt: skip


def run(command: list[str], work: Path) -> None:
    """Run a command quietly; when it fails, show what it said and stop."""
    environment = os.environ | {
        "LIFECYCLE_DUCKDB": str(work / "warehouse.duckdb"),
        "LIFECYCLE_PROJECT": str(PROJECT),
    }
    done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")


def timed(action: object) -> float:
    """Seconds an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def peak_megabytes() -> float:
    """The largest memory any finished child process has had."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def model_seconds(results: Path) -> dict[str, float]:
    """Seconds per model, the slowest first."""
    found = {
        result["unique_id"].split(".")[-1]: result["execution_time"]
        for result in json.loads(results.read_text())["results"]
    }
    return dict(sorted(found.items(), key=lambda item: -item[1]))


if __name__ == "__main__":
    main()
