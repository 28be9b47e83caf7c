"""Landing models on a DuckDB file of its own: the contract's verdict on rows not yet loaded."""

import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from lifecycle.build import run_dbt

Say = Callable[[str], None]


def land(
    project: Path,
    database: Path,
    tables: Collection[str],
    variables: dict[str, Any],
    say: Say = print,
) -> bool:
    """Make the views landing.raw_<table> of these raw tables in the DuckDB file `database`.

    They have the rows of its schema `raw` with their contract types and `_contract_fault`, as a
    build will see them. `variables` are those of the mapping. No connection to the file may be
    open. Returns whether it went well; what did not is said.
    """
    values = variables | {
        "use_sample": False,
        "as_of": None,
        "raw_schema": "raw",
        "schema_prefix": "",
    }
    # A target folder of its own keeps this project's parsed state apart from the builds'.
    target = Path(os.environ.get("DBT_TARGET_PATH", "target")) / "incoming"
    # Nobody reads the manifest of such a run, which takes longer to write than the views to make.
    command = ["run", "--threads", "1", "--target-path", str(target), "--no-write-json", "--select"]
    models = [f"raw_{table}" for table in sorted(tables)]
    return run_dbt(command + models, project, values, "duckdb", say, database, is_quiet=True)
