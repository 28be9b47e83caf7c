"""Run suites of expectations on DuckDB files: one process, one context, files opened to be read.

Great Expectations is imported only when a suite runs: that takes seconds.
"""

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import duckdb_engine
from sqlalchemy import URL
from sqlalchemy.dialects import registry

from lifecycle.errors import without_values
from lifecycle.files import literal, quote

CRITICAL, WARNING, INFO = "critical", "warning", "info"

# Counts only: a value that is not as expected may be personal and must not be quoted anywhere.
COUNTS_ONLY = {
    "result_format": "BASIC",
    "exclude_unexpected_values": True,
    "partial_unexpected_count": 0,
}

# Great Expectations makes several engines and closes one.
OPENED: list[duckdb.DuckDBPyConnection] = []


class Check(NamedTuple):
    """One expectation: the class of Great Expectations, its arguments, and what people read."""

    rule: str  # ExpectColumnValuesToNotBeNull, …
    args: dict[str, Any]
    severity: str
    says: str  # what must hold
    fault: str  # what is wrong when it does not
    advice: str = ""  # what to do when it does not
    place: str = ""  # the column it is about, when that is not the one in `args`
    is_contract: bool = False  # a row that breaks it goes to quarantine


class Suite(NamedTuple):
    """Checks on the rows of one query."""

    name: str
    query: str
    checks: list[Check]
    # A column that names its rows, when they are about tables and columns and not about people.
    named_by: str = ""


class Result(NamedTuple):
    """How one check ended."""

    suite: str
    place: str
    rule: str
    severity: str
    says: str
    fault: str
    advice: str
    status: str  # passed, failed, warning, info (not met, but only worth knowing), error
    rows: int | None  # that are not as expected
    of: int | None
    observed: str
    names: tuple[str, ...]  # of the rows, only where `named_by` is set


class Dialect(duckdb_engine.Dialect):
    """duckdb-engine without transactions, on an empty database with files attached to be read.

    Great Expectations fetches rows after it ended the transaction they were read in, which drops
    them on DuckDB's one connection. The query of the URL is {database name: path}.
    """

    supports_statement_cache = False

    def connect(self, *_: Any, url_config: Mapping[str, str], **__: Any) -> Any:
        """A connection on which the files of the URL are attached."""
        con = duckdb.connect()
        OPENED.append(con)
        con.execute("set TimeZone = 'UTC'")
        for name, path in url_config.items():
            con.execute(f"attach {literal(path)} as {quote(name)} (read_only)")
        return duckdb_engine.ConnectionWrapper(con)

    def do_begin(self, connection: Any) -> None:
        """Nothing: all that runs here reads."""

    def do_commit(self, connection: Any) -> None:
        """Nothing."""

    def do_rollback(self, connection: Any) -> None:
        """Nothing."""


def run(
    suites: list[Suite],
    databases: dict[str, Path],
    docs: Path | None = None,
    at: datetime | None = None,
) -> list[Result]:
    """Check every suite on the DuckDB files `databases` (by the name queries use), in order.

    With `docs`, a folder that must not be there yet, Data Docs are written into it as Great
    Expectations makes them (see `report.write_docs`). `at` is the time of the run (UTC, now by
    default). The files are not changed. A check that cannot be run is a result with the status
    `error`; then no Data Docs are written, for they would quote the error with its values.
    """
    with quiet():
        try:
            return _run(suites, databases, docs, at or datetime.now(UTC).replace(tzinfo=None))
        finally:
            while OPENED:
                OPENED.pop().close()


@contextmanager
def quiet() -> Iterator[None]:
    """What Great Expectations and SQLAlchemy tell programmers is not said."""
    loggers = [logging.getLogger(name) for name in ("great_expectations", "sqlalchemy")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for logger in loggers:
                logger.setLevel(logging.CRITICAL + 1)
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


def _run(
    suites: list[Suite], databases: dict[str, Path], docs: Path | None, at: datetime
) -> list[Result]:
    import great_expectations as gx
    from great_expectations.core.run_identifier import RunIdentifier

    registry.register("duckdb.gate", __name__, "Dialect")
    context = _context(docs)
    url = URL.create(
        "duckdb+gate",
        database=":memory:",
        query={name: str(path) for name, path in databases.items()},
    )
    # A dollar sign stands for a variable there.
    source = context.data_sources.add_sql(
        "lifecycle", connection_string=url.render_as_string().replace("$", "%24")
    )
    results: list[Result] = []
    for suite in suites:
        batch = source.add_query_asset(suite.name, suite.query).add_batch_definition_whole_table(
            suite.name
        )
        expected = context.suites.add(gx.ExpectationSuite(name=suite.name))
        for position, check in enumerate(suite.checks):
            expected.add_expectation(_expectation(check, position))
        definition = context.validation_definitions.add(
            gx.ValidationDefinition(name=suite.name, data=batch, suite=expected)
        )
        outcome = definition.run(
            result_format=_result_format(suite),
            run_id=RunIdentifier(run_name="lifecycle", run_time=at.replace(tzinfo=UTC)),
        )
        found = {item.expectation_config.meta["position"]: item for item in outcome.results}
        results += [
            _result(suite, check, found.get(position))
            for position, check in enumerate(suite.checks)
        ]
    if docs is not None and not any(result.status == "error" for result in results):
        context.build_data_docs()
    return results


def _context(docs: Path | None) -> Any:
    """A context in memory: nothing sent, no progress bars, nothing written but Data Docs."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(docs),
        },
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
        data_docs_sites={"lifecycle": site} if docs else {},
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _expectation(check: Check, position: int) -> Any:
    """The check as an object of Great Expectations."""
    import great_expectations.expectations as expectations

    # Pages put a description in as it is, and take a dollar sign for a variable.
    text = f"{check.severity.capitalize()}: {check.says}"
    for mark, code in {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"}.items():
        text = text.replace(mark, code)
    return getattr(expectations, check.rule)(
        **check.args, severity=check.severity, description=text, meta={"position": position}
    )


def _result_format(suite: Suite) -> dict[str, Any]:
    """Counts only, or with the names of the rows where they are no personal data."""
    if not suite.named_by:
        return dict(COUNTS_ONLY)
    return {
        "result_format": "SUMMARY",
        "exclude_unexpected_values": True,
        "unexpected_index_column_names": [suite.named_by],
    }


def _result(suite: Suite, check: Check, item: Any) -> Result:
    """What Great Expectations found, without any value of the rows."""
    said = {} if item is None else item.result
    error = "" if item is None else _error(item.exception_info or {})
    if item is None or error:
        status = "error"
    elif item.success:
        status = "passed"
    else:
        status = {CRITICAL: "failed", WARNING: "warning", INFO: "info"}[check.severity]
    found = [row[suite.named_by] for row in said.get("partial_unexpected_index_list") or []]
    names = [name for row in found for name in (row if isinstance(row, list) else [row])]
    return Result(
        suite=suite.name,
        place=check.place or check.args.get("column", ""),
        rule=check.rule,
        severity=check.severity,
        says=check.says,
        fault=check.fault,
        advice=check.advice,
        status=status,
        rows=said.get("unexpected_count"),
        of=said.get("element_count"),
        observed=error or _observed(said.get("observed_value")),
        names=tuple(str(name) for name in names),
    )


def _observed(value: Any) -> str:
    """A number or a time that was found; anything else might be a value of somebody's row."""
    if isinstance(value, datetime | date):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"


def _error(info: dict[str, Any]) -> str:
    """Why a check could not be run, in one line without values, '' when it could."""
    parts = [info] if "raised_exception" in info else list(info.values())
    messages = [part["exception_message"] for part in parts if part.get("raised_exception")]
    return " ".join(without_values(str(messages[0])).split())[:300] if messages else ""
