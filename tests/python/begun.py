"""Imported by the process that commands are forked from: dbt when it has parsed something.

Its classes write the code that reads and writes them when they are first used, which takes two
seconds of every process that begins without it.
"""

import os
import tempfile
from pathlib import Path

import dbt.adapters.duckdb.impl
import dbt.task.build
import dbt.task.compile
import dbt.task.freshness
import dbt.task.run_operation  # noqa: F401
from dbt.cli.main import dbtRunner

PROJECT = """
name: nothing
version: "1"
profile: nothing
"""
PROFILE = """
nothing:
  target: memory
  outputs:
    memory: {type: duckdb, path: ":memory:"}
"""

with tempfile.TemporaryDirectory(prefix="lifecycle-begun-") as folder:
    Path(folder, "dbt_project.yml").write_text(PROJECT)
    Path(folder, "profiles.yml").write_text(PROFILE)
    os.chdir(folder)
    # The second time it reads what the first one has written.
    for _ in range(2):
        dbtRunner().invoke(
            [
                *("--log-level", "none", "--log-level-file", "none"),
                *("--no-send-anonymous-usage-stats", "parse"),
                *("--project-dir", folder, "--profiles-dir", folder),
                *("--target-path", f"{folder}/target", "--log-path", f"{folder}/logs"),
            ]
        )
    os.chdir("/")
