"""Break the project in one place at a time and see whether the tests notice.

    python tests/mutants/run.py                 all mutants of mutants.py
    python tests/mutants/run.py loyalty window  those whose sentence holds one of the words

Each mutant is a copy of the project with one text replaced. On it run, until something fails:

1. `dbt build` of what the mutant touches and all that lies downstream, in a copy of the built
   sample company;
2. the conventions (dbt-bouncer);
3. the pytest files named by the mutant, or those for its kind of file.

Exits 1 when less than 93 % (28 of 30) are noticed, 2 when a mutant does not fit the project.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from mutants import MUTANTS, Mutant

PROJECT = Path(__file__).resolve().parents[2]
LEFT_OUT = {".git", ".venv", "target", "logs", "data"}
DATABASE = "company.duckdb"
ENOUGH = 28 / 30
DBT = [sys.executable, "-c", "from dbt.cli.main import cli; cli()"]
BOUNCER = [sys.executable, "-c", "from dbt_bouncer.main import app; app()"]
PYTEST = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-rfE", "-p", "no:cacheprovider"]
SMALL = {
    "LIFECYCLE_PROPERTY_ROUNDS": "1",
    "LIFECYCLE_PROPERTY_CUSTOMERS": "200",
    "LIFECYCLE_KILLS": "1",
}


class Verdict(NamedTuple):
    """What became of a mutant: by what it was noticed (empty: by nothing), and the seconds."""

    mutant: Mutant
    noticed_by: str
    seconds: float


class UnfitError(Exception):
    """The mutant, or the project itself, is not fit to be tried; says why."""


def main() -> int:
    """Try the mutants asked for, print the table; returns the exit code."""
    parser = argparse.ArgumentParser(description="Do the tests notice when the project is broken?")
    parser.add_argument("words", nargs="*", help="only mutants whose sentence holds one of these")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at the same time")
    given = parser.parse_args()
    chosen = [m for m in MUTANTS if not given.words or any(w in m.breaks for w in given.words)]
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch:
        base = Path(scratch) / "base"
        try:
            shutil.copytree(PROJECT, base, ignore=left_out)
            for mutant in chosen:
                mutated(base, mutant)
            build_base(base)
            with ThreadPoolExecutor(given.jobs) as pool:
                verdicts = []
                for verdict in pool.map(lambda mutant: tried(base, mutant), chosen):
                    print(line(verdict), flush=True)
                    verdicts.append(verdict)
        except UnfitError as error:
            print(error, file=sys.stderr)
            return 2
    return summary(verdicts)


def left_out(folder: str, names: list[str]) -> set[str]:
    """What a copy of the project does without; `data` only at the top, there are tests/data."""
    top = LEFT_OUT if Path(folder) == PROJECT else set()
    return {n for n in names if n in top or n == "__pycache__" or ".duckdb" in n}


def summary(verdicts: list[Verdict]) -> int:
    """Say how many were noticed and which were not; returns the exit code."""
    survivors = [verdict for verdict in verdicts if not verdict.noticed_by]
    noticed = len(verdicts) - len(survivors)
    print(f"\n{noticed} of {len(verdicts)} mutants noticed.")
    for verdict in survivors:
        print(f"  survived: {verdict.mutant.breaks} ({verdict.mutant.file})")
    return 0 if verdicts and noticed >= ENOUGH * len(verdicts) else 1


def line(verdict: Verdict) -> str:
    """A verdict as a line of the table."""
    by = verdict.noticed_by or "— survived —"
    return f"{verdict.mutant.kind:8}{verdict.mutant.breaks:76}{verdict.seconds:5.0f} s  {by}"


def mutated(project: Path, mutant: Mutant) -> str:
    """The text of the mutant's file with the change, or UnfitError when it does not fit."""
    file = project / mutant.file
    text = file.read_text("utf-8") if file.is_file() else ""
    found = text.count(mutant.old)
    if found != 1:
        raise UnfitError(f"{mutant.breaks}: {mutant.file} holds the old text {found} times, not 1.")
    return text.replace(mutant.old, mutant.new)


def build_base(base: Path) -> None:
    """Build and test the sample company of the unchanged project, in `base`."""
    shutil.copy(base / "profiles.example.yml", base / "profiles.yml")
    done = run([*DBT, "build", "--quiet"], base)
    if done.returncode:
        raise UnfitError(f"The project fails without a mutant:\n{done.stdout[-3000:]}")
    if broken := failing_convention(base):
        raise UnfitError(f"The project fails without a mutant: {broken}.")


def tried(base: Path, mutant: Mutant) -> Verdict:
    """Try one mutant on a copy of the project in a folder of its own."""
    started = time.monotonic()
    with copy_of(base) as copy:
        (copy / mutant.file).write_text(mutated(base, mutant), "utf-8")
        by = noticed_by(base, copy, mutant)
    return Verdict(mutant, by, time.monotonic() - started)


@contextmanager
def copy_of(base: Path) -> Iterator[Path]:
    """A copy of the built project. The database keeps its name, which the views in it use."""
    with tempfile.TemporaryDirectory(dir=base.parent) as folder:
        copy = Path(folder) / "project"
        shutil.copytree(base, copy, ignore=shutil.ignore_patterns("logs", "run", "compiled"))
        yield copy


def noticed_by(base: Path, copy: Path, mutant: Mutant) -> str:
    """The first test that fails on the mutant; empty when none does."""
    is_python = mutant.file.endswith(".py")
    name = "" if is_python else failing_node(base, copy) or failing_convention(copy)
    for file in [] if name else mutant.tests:
        name = name or failing_test(copy, file)
    return name


def failing_node(base: Path, copy: Path) -> str:
    """The first model or dbt test that fails among what the mutant touches and all downstream."""
    chosen = ["--select", "state:modified+", "--state", str(base / "target")]
    (copy / "target" / "run_results.json").unlink()
    done = run([*DBT, "build", "--quiet", "--fail-fast", *chosen], copy)
    results = copy / "target" / "run_results.json"
    if done.returncode and not results.exists():
        raise UnfitError(f"The project does not parse with a mutant:\n{done.stdout[-3000:]}")
    if not done.returncode:
        return ""
    nodes = json.loads(results.read_text("utf-8"))["results"]
    failed = [node for node in nodes if node["status"] in ("fail", "error", "runtime error")]
    if not failed:
        return "dbt build"
    kind, _, name = failed[0]["unique_id"].split(".")[:3]
    if kind == "unit_test":
        name = failed[0]["unique_id"].split(".")[3]
    return f"{kind.replace('_', ' ')} {name}"


def failing_convention(copy: Path) -> str:
    """The first convention that the mutant breaks."""
    run([*DBT, "parse", "--quiet", "--target-path", "target/lint"], copy)
    done = run([*BOUNCER, "run", "--output-file", "bounced.json", "--output-only-failures"], copy)
    if not done.returncode:
        return ""
    failures = json.loads((copy / "bounced.json").read_text("utf-8"))
    return f"convention {failures[0]['check_run_id'].split(':')[0]}" if failures else "dbt-bouncer"


def failing_test(copy: Path, file: str) -> str:
    """The first test of a pytest file that fails."""
    if not (copy / "tests" / "python" / file).is_file():
        raise UnfitError(f"There is no tests/python/{file}.")
    done = run(
        [*PYTEST, f"tests/python/{file}"],
        copy,
        LIFECYCLE_SAMPLE_DATABASE=str(copy / DATABASE),
        **SMALL,
    )
    if done.returncode == 0:
        return ""
    named = re.search(r"^(?:FAILED|ERROR) tests/python/(.+?)(?: - .*)?$", done.stdout, re.MULTILINE)
    if done.returncode != 1 or not named:
        raise UnfitError(f"pytest {file} did not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return f"pytest {named[1]}"


def run(command: list[str], project: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a copy of the project, with the copy's own harness and database."""
    own = {
        "LIFECYCLE_DUCKDB": DATABASE,
        "PYTHONPATH": str(project),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DBT_LOG_PATH": str(project / "logs"),
        "NO_COLOR": "1",
    }
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LIFECYCLE_", "DBT_"))
    }
    return subprocess.run(
        command,
        cwd=project,
        env=kept | own | more,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


if __name__ == "__main__":
    sys.exit(main())
