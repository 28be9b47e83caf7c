"""What came out of a build, in a few lines."""

import os
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lifecycle.build import duckdb_file
from lifecycle.errors import UserError
from lifecycle.paths import profiles_dir

Say = Callable[[str], None]

STAGES = [
    "awareness",
    "consideration",
    "purchase",
    "use",
    "retention",
    "loyalty",
    "advocacy",
    "decline",
    "churn",
    "winback",
    "lost_prospect",
]


def summarise(project: Path, target: str | None, prefix: str = "", say: Say = print) -> None:
    """Say as_of, customers per stage and segment, quarantined rows, and where to look next.

    `prefix` is the build's schema_prefix. Raises UserError when nothing was built there.
    """
    database = duckdb_file(project, target)
    schema = f"{prefix}marts"
    with cursor(project, target, database) as run:
        built = {
            row[0]
            for row in run(
                f"select table_name from information_schema.tables where table_schema = '{schema}'"
            )
        }
        if not built:
            raise UserError(f"There is no schema {schema} yet. Build first: lifecycle build")
        for wanted, lines in SECTIONS:
            if wanted in built:
                say("")
                for line in lines(run, schema):
                    say(line)
    say("")
    place = database or f"target {target or 'of profiles.yml'}"
    say(f"Database: {place}, schema {schema}")
    say(
        f"Look next at {schema}.lifecycle_current (who is where, and what comes next), "
        f"{schema}.lifecycle_spans (every customer's history), {schema}.customer_segments and "
        f"{schema}.quarantined_rows. `make docs` describes every table."
    )


def as_of_lines(run: Callable[[str], list], schema: str) -> list[str]:
    """The instant of the build."""
    return [f"As of {row[0]} UTC" for row in run(f"select as_of from {schema}.build_manifest")]


def stage_lines(run: Callable[[str], list], schema: str) -> list[str]:
    """Customers per lifecycle stage, in the order of a life."""
    rows = run(f"select stage, count(*) from {schema}.lifecycle_current group by stage")
    order = {stage: position for position, stage in enumerate(STAGES)}
    rows = sorted(rows, key=lambda row: (order.get(row[0], len(order)), row[0]))
    return table_lines("Customers per stage", rows)


def segment_lines(run: Callable[[str], list], schema: str) -> list[str]:
    """Customers per segment, the largest first."""
    rows = run(
        f"select segment, count(*) from {schema}.customer_segments"
        " group by segment order by 2 desc, 1"
    )
    return table_lines("Customers per segment", rows)


def quarantine_lines(run: Callable[[str], list], schema: str) -> list[str]:
    """Quarantined rows per raw table and fault."""
    rows = run(
        f"select table_name, fault, count(*) from {schema}.quarantined_rows"
        " group by table_name, fault order by table_name, fault"
    )
    if not rows:
        return ["No quarantined rows"]
    return table_lines("Quarantined rows", [(f"{row[0]}: {row[1]}", row[2]) for row in rows])


SECTIONS: tuple[tuple[str, Callable[..., list[str]]], ...] = (
    ("build_manifest", as_of_lines),
    ("lifecycle_current", stage_lines),
    ("customer_segments", segment_lines),
    ("quarantined_rows", quarantine_lines),
)


def table_lines(title: str, rows: list[tuple[str, int]]) -> list[str]:
    """A title with the total, and a line per row with its number."""
    total = sum(count for _, count in rows)
    return [f"{title} ({total:,})", *(f"{count:>12,}  {name}" for name, count in rows)]


@contextmanager
def cursor(project: Path, target: str | None, database: Path | None) -> Any:
    """A function that runs a query on the target and returns its rows."""
    if database is None:
        with postgres(project, target) as con, con.cursor() as cur:

            def run(query: str) -> list:
                cur.execute(query)
                return cur.fetchall()

            yield run
        return
    if not database.exists():
        raise UserError(f"There is no database {database} yet. Build first: lifecycle build")
    from lifecycle.load import open_database

    with open_database(database, read_only=True) as con:
        yield lambda query: con.execute(query).fetchall()


@contextmanager
def postgres(project: Path, target: str | None) -> Any:
    """A connection to the Postgres of a target, by the credentials of profiles.yml."""
    from argparse import Namespace

    import psycopg2
    from dbt.config.runtime import load_profile
    from dbt.flags import set_from_args
    from dbt_common.context import set_invocation_context

    folder = str(profiles_dir(project))
    set_invocation_context(os.environ)
    set_from_args(Namespace(PROFILES_DIR=folder, PROJECT_DIR=str(project)), None)
    login = load_profile(str(project), {}, target_override=target).credentials
    try:
        con = psycopg2.connect(
            host=login.host,
            port=login.port,
            user=login.user,
            password=login.password,
            dbname=login.database,
        )
    except psycopg2.Error as error:
        raise UserError(
            f"The database of target {target} does not answer: {str(error).splitlines()[0]}"
        ) from None
    try:
        yield con
    finally:
        con.close()
