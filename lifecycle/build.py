"""Run dbt in this process: with the right variables, a progress line, and readable errors."""

import itertools
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from lifecycle.connection import cursor
from lifecycle.errors import UserError, without_values
from lifecycle.files import literal, quote
from lifecycle.paths import database_path, profiles_dir

Say = Callable[[str], None]
Loaded = Callable[[str], tuple[set[str], dict[str, Any]]]

BAD = {"error", "fail", "runtime error"}
MESSAGE_LINES = 20
# What the harness itself keeps in the raw schema, beside tables whose names begin with _.
OWN_TABLES = {"erasures", "exports", "fitted_parameters", "loads"}
DEFAULT_SALT = "lifecycle"  # as in the macro pii_hash


def build_vars(
    loaded: Loaded | None,
    as_of: str | None = None,
    sample: bool | None = None,
    given: str | None = None,
) -> dict[str, Any]:
    """The dbt variables of a build; only those that are set, so that dbt can parse partially.

    `loaded` is a function from the name of the raw schema to what `what_is_loaded` there: it
    decides between the sample company and what was loaded, unless `sample` does, and brings the
    variables of the mappings. A build `as_of` gets schemas of its own. `given` (YAML or JSON) wins
    over all. Raises UserError when something was loaded, but not all that a build needs.
    """
    own = parse_vars(given)
    sample = own.get("use_sample", sample)
    values: dict[str, Any] = {}
    if sample is not None:
        values["use_sample"] = sample
    if loaded is not None and sample is not True:
        raw_schema = own.get("raw_schema", f"{own.get('schema_prefix') or ''}raw")
        tables, settings = loaded(raw_schema)
        if sample is None:
            values["use_sample"] = not {"customers", "orders"} <= tables
            there = ", ".join(sorted(t for t in tables - OWN_TABLES if not t.startswith("_")))
            if there and values["use_sample"]:
                missing = " and ".join(sorted({"customers", "orders"} - tables))
                raise UserError(
                    f"{raw_schema} holds {there}, and a build needs {missing} as well. "
                    "Load it, or build the sample company with --sample."
                )
        if values.get("use_sample") is False:
            values = settings | values
    if as_of is not None:
        prefix = own.get("schema_prefix", values.get("schema_prefix", ""))
        values["as_of"] = check_instant(as_of, "--as-of")
        values["schema_prefix"] = prefix + as_of_prefix(as_of)
        values["raw_schema"] = own.get("raw_schema", f"{prefix}raw")
        own.pop("schema_prefix", None)
    return values | own


def as_of_prefix(as_of: str) -> str:
    """The prefix of the schemas of a build `as_of`: as_of_20250131_."""
    return f"as_of_{re.sub('[^0-9]', '', check_instant(as_of, '--as-of'))}_"


def check_instant(text: str, option: str) -> str:
    """The text, when it is a date or a UTC instant as the project writes it; else UserError."""
    text = text.strip()
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            date.fromisoformat(text)
            return text
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(
            f"{option} {text}: write a business day (2025-01-31) or a UTC instant "
            "(2025-01-31T18:00:00)."
        ) from None
    if instant.tzinfo:
        instant = instant.astimezone(UTC)
    return f"{instant:%Y-%m-%d %H:%M:%S}"


def parse_vars(given: str | None) -> dict[str, Any]:
    """The value of --vars as a dict. Raises UserError when it is none."""
    try:
        values = yaml.safe_load(given) if given else {}
    except yaml.YAMLError:
        values = None
    if not isinstance(values, dict):
        raise UserError(f"--vars {given}: write YAML or JSON, as in '{{as_of: 2025-01-31}}'.")
    return values


def what_is_loaded(
    project: Path, target: str | None, database: Path | None, schema: str = "raw"
) -> tuple[set[str], dict[str, Any]]:
    """The tables of the raw schema, and the variables that mappings brought.

    `database` is the DuckDB file of the target, None when the target is Postgres.
    """
    if database is not None and not database.exists():
        return set(), {}
    with cursor(project, target, database) as run:
        found = run(
            "select table_name from information_schema.tables"
            f" where table_catalog = current_database() and table_schema = {literal(schema)}"
        )
        tables = {row[0] for row in found}
        settings = (
            run(f"select name, value from {quote(schema)}._settings order by name")
            if "_settings" in tables
            else []
        )
    return tables, {name: yaml.safe_load(value) for name, value in settings}


def check_salt(is_sample: bool, say: Say = print) -> None:
    """Refuse a LIFECYCLE_PII_SALT that SQL cannot hold; warn when real people have none."""
    salt = os.environ.get("LIFECYCLE_PII_SALT", "")
    if re.search(r"['\"\\]", salt):
        raise UserError(
            "LIFECYCLE_PII_SALT holds a quote or a backslash. Set it to a secret without them."
        )
    if not is_sample and salt in ("", DEFAULT_SALT):
        say(
            "Warning: LIFECYCLE_PII_SALT is not set, so that anybody who knows an e-mail address "
            "can find its hash. Set it to a secret of your own before building with real people."
        )


def run_dbt(
    command: list[str],
    project: Path,
    variables: dict[str, Any],
    target: str | None = None,
    say: Say = print,
    database: Path | None = None,
    is_quiet: bool = False,
) -> bool:
    """Run one dbt command quietly; returns whether everything went well.

    Errors, failed tests and warnings are said as short sentences with the file they are about;
    when `is_quiet` nothing but errors. `database` is another DuckDB file than the project's.
    """
    from dbt.cli.main import dbtRunner

    given = os.environ.get("LIFECYCLE_DUCKDB")
    os.environ["LIFECYCLE_DUCKDB"] = str(database or database_path(project))
    arguments = [
        *command,
        *("--project-dir", str(project), "--profiles-dir", str(profiles_dir(project))),
        *("--log-level", "none", "--no-send-anonymous-usage-stats"),
        *(("--target", target) if target else ()),
        *(("--vars", json.dumps(variables, default=str)) if variables else ()),
    ]
    warnings: list[str] = []
    try:
        with progress(say, is_quiet) as on_progress:
            outcome = dbtRunner(
                callbacks=[on_progress, messages(say), collect_warnings(warnings)]
            ).invoke(arguments)
    finally:
        close_duckdb()
        if database and given is None:
            del os.environ["LIFECYCLE_DUCKDB"]
        elif database:
            os.environ["LIFECYCLE_DUCKDB"] = given
    if outcome.exception is not None:
        say(f"dbt stopped: {readable(str(outcome.exception)).strip()}")
        return False
    results = [r for r in getattr(outcome.result, "results", None) or [] if hasattr(r, "node")]
    for result in results:
        if result.status in BAD | {"warn"}:
            say(failure(result))
    for warning in [] if is_quiet else warnings[:5]:
        say(f"Warning: {warning}")
    if not outcome.success:
        say(count_line(results))
    return bool(outcome.success)


def close_duckdb() -> None:
    """Let go of the DuckDB file, which dbt keeps open until the process ends."""
    adapter = sys.modules.get("dbt.adapters.duckdb.connections")
    if adapter is not None:
        adapter.DuckDBConnectionManager.close_all_connections()


def failure(result: Any) -> str:
    """A node that went wrong: kind, name, file, and what dbt or the database said."""
    node = result.node
    word = "Warning" if result.status == "warn" else "Failed"
    kind = str(getattr(node, "resource_type", "node")).replace("_", " ")
    rows = f"\n    The rows: {kept_rows(node)}" if kind == "test" and result.failures else ""
    return (
        f"{word}: {kind} {node.name} ({node.original_file_path})\n"
        f"{readable(result.message or 'no message')}{rows}"
    )


def kept_rows(node: Any) -> str:
    """The view of the rows that break a test, as one writes it in a query."""
    return f"{node.schema}.{node.alias}"


def readable(message: str) -> str:
    """A dbt message without colours, headings, cell values and the macro stack, indented."""
    message = without_values(re.sub(r"\x1b\[[0-9;]*m", "", message))
    lines = [line.rstrip() for line in message.splitlines() if line.strip()]
    if lines and re.match(r"\s*(Runtime|Compilation|Database) Error( in |$)", lines[0]):
        lines = lines[1:] or lines
    lines = [line for line in lines if not re.match(r"\s*>? ?(in macro|called by) ", line)]
    shown = lines[:MESSAGE_LINES]
    if len(lines) > MESSAGE_LINES:
        shown.append(f"… {len(lines) - MESSAGE_LINES} more lines in logs/dbt.log")
    return "\n".join(f"    {line.strip() if line in lines[:1] else line}" for line in shown)


def count_line(results: list[Any]) -> str:
    """How many nodes went wrong and how many were not run because of them."""
    bad = sum(r.status in BAD for r in results)
    skipped = sum(r.status == "skipped" for r in results)
    return f"{bad} of {len(results)} failed, {skipped} skipped because of them."


def messages(say: Say) -> Callable[[Any], None]:
    """A callback that says what macros print or log for the user."""

    def on_event(event: Any) -> None:
        if event.info.name in ("JinjaLogInfo", "PrintEvent"):
            say(event.info.msg.strip() or event.data.msg)

    return on_event


def collect_warnings(found: list[str]) -> Callable[[Any], None]:
    """A callback that gathers dbt's own warnings, each once; test results are said elsewhere."""

    def on_event(event: Any) -> None:
        if event.info.level == "warn" and event.info.name not in (
            "LogTestResult",
            "RunResultWarning",
            "RunResultWarningMessage",
        ):
            text = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", event.info.msg).split())[:300]
            if text and text not in found:
                found.append(text)

    return on_event


@contextmanager
def progress(say: Say, is_quiet: bool = False) -> Iterator[Callable[[Any], None]]:
    """A callback that shows how far dbt is: a bar on a terminal, a line per tenth elsewhere."""
    if is_quiet:
        yield lambda event: None
        return
    if not sys.stderr.isatty():
        yield progress_lines(say)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading the project", total=None)

        def on_event(event: Any) -> None:
            if event.info.name == "LogStartLine":
                bar.update(task, total=event.data.total, description=event.data.description)
            elif event.info.name == "NodeFinished":
                bar.advance(task)

        yield on_event


def progress_lines(say: Say) -> Callable[[Any], None]:
    """A callback that says every tenth of the way. dbt calls it from several threads."""
    totals: list[int] = []
    finished = itertools.count(1)

    def on_event(event: Any) -> None:
        if event.info.name == "LogStartLine":
            totals.append(event.data.total)
        elif event.info.name == "NodeFinished" and totals and totals[0]:
            done, total = next(finished), totals[0]
            if done * 10 // total > (done - 1) * 10 // total:
                say(f"{done} of {total} done")

    return on_event
