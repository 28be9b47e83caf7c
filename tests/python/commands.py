"""Commands in processes that begin with dbt imported: importing it takes longer than most runs."""

from __future__ import annotations

import atexit
import gc
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    ["dbt.cli.main", "dbt.adapters.duckdb.impl", "lifecycle.cli", "lifecycle.build"]
)


def run_command(
    program: str, words: Sequence[str], cwd: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run ``dbt`` or ``lifecycle`` in a process of its own: what it said, and its code."""
    with tempfile.TemporaryDirectory(prefix="lifecycle-said-") as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = CONTEXT.Process(
            target=_main, args=(program, list(words), cwd, dict(environment), out, err)
        )
        process.start()
        process.join()
        said = [file.read_text("utf-8") for file in (out, err)]
        return subprocess.CompletedProcess([program, *words], process.exitcode, *said)


def _main(
    program: str, words: list[str], cwd: Path, environment: dict[str, str], out: Path, err: Path
) -> None:
    for number, file, mode in [(0, Path(os.devnull), "r"), (1, out, "w"), (2, err, "w")]:
        with file.open(mode) as opened:
            os.dup2(opened.fileno(), number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [program, *words]
    try:
        if program == "dbt":
            from dbt.cli.main import cli

            cli()
        else:
            from lifecycle.cli import main

            main()
    finally:
        # A forked process leaves out what is to be done at an exit. A database left open would keep
        # its last changes in the file beside it.
        atexit._run_exitfuncs()
        gc.collect()
