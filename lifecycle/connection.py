"""Where a target's tables are, and a way to query them."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from lifecycle.errors import UserError
from lifecycle.paths import database_path, profiles_dir

Run = Callable[[str], list]


def duckdb_file(project: Path, target: str | None) -> Path | None:
    """The DuckDB file a target builds into, None when the target is another engine."""
    profile = yaml.safe_load((profiles_dir(project) / "profiles.yml").read_text("utf-8"))
    outputs = profile["customer_lifecycle"]["outputs"]
    name = target or profile["customer_lifecycle"]["target"]
    if name not in outputs:
        raise UserError(f"profiles.yml has no target {name}. There are: {', '.join(outputs)}.")
    return database_path(project) if outputs[name]["type"] == "duckdb" else None


@contextmanager
def cursor(project: Path, target: str | None, database: Path | None) -> Iterator[Run]:
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
def changing(project: Path, target: str | None, database: Path | None) -> Iterator[Run]:
    """A function that runs a statement on the target; all of them are kept, or none."""
    if database is None:
        with postgres(project, target) as con, con, con.cursor() as cur:

            def run(statement: str) -> list:
                cur.execute(statement)
                return cur.fetchall() if cur.description else []

            yield run
        return
    from lifecycle.tables import open_database, transaction

    with open_database(database) as con, transaction(con):
        yield lambda statement: con.execute(statement).fetchall()


@contextmanager
def postgres(project: Path, target: str | None) -> Iterator[Any]:
    """A connection to the Postgres of a target, by the credentials of profiles.yml."""
    from argparse import Namespace

    from dbt.config.runtime import load_profile
    from dbt.flags import set_from_args
    from dbt_common.context import set_invocation_context
    from dbt_common.exceptions import DbtBaseException

    try:
        import psycopg2
    except ModuleNotFoundError:
        raise UserError(
            "Postgres needs dbt-postgres. Install it: pip install -r requirements-dev.txt"
        ) from None

    folder = str(profiles_dir(project))
    set_invocation_context(os.environ)
    set_from_args(Namespace(PROFILES_DIR=folder, PROJECT_DIR=str(project)), None)
    try:
        login = load_profile(str(project), {}, target_override=target).credentials
    except DbtBaseException as error:
        said = " ".join(str(error).split())
        raise UserError(f"The target {target} of profiles.yml cannot be read: {said}") from None
    if login.type != "postgres":
        raise UserError(f"The target {target} is on {login.type}; DuckDB and Postgres are known.")
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
