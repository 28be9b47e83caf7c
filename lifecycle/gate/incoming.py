"""What comes in: files checked against the landing contract before they are loaded.

The files are read into an area of their own, landed by the project's own landing models, checked
and forgotten. The warehouse is only read, for the history of its loads.
"""

import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml

from lifecycle.files import quote

Say = Callable[[str], None]


def check_files(
    paths: Sequence[Path],
    database: Path,
    project: Path,
    mapping: Path | None = None,
    loaded_at: datetime | None = None,
    report_dir: Path | None = None,
    say: Say = print,
) -> bool:
    """Whether the files at `paths` keep the landing contract well enough to be loaded.

    `database` is the warehouse, which need not exist. `mapping` and `loaded_at` (UTC, now by
    default) are those of `lifecycle load`. `report_dir` gets Data Docs, JSON and JUnit XML. Says
    what was found. Raises UserError for what the user can mend: then nothing was checked.
    """
    from lifecycle.gate.engine import run
    from lifecycle.gate.report import Report, lines, write
    from lifecycle.incoming import bring, discard, reserved

    at = loaded_at or datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    heard: list[str] = []

    def hear(line: str) -> None:
        heard.append(line)
        if not is_left_out(line):  # the report tells it
            say(line)

    quirks = count_quirks(paths, mapping) if mapping else {}
    with reserved(database.with_name(f"{database.stem}_check.duckdb")) as area:
        discard(area)  # of a check that was killed
        try:
            batches = bring(paths, area, project, mapping, at, hear)
            tables = sorted({batch.table for batch in batches})
            suites, notes = suites_of(tables, area, database, project, mapping, at, say)
            suites = [left_out(heard), *suites, *quirks_of(quirks)]
            with tempfile.TemporaryDirectory() as folder:
                docs = Path(folder) / "docs" if report_dir else None
                results = run(suites, {name_of(area): area}, docs, at)
                report = Report(f"Check of {what_is_at(paths)}", at, results, tuple(notes))
                if report_dir is not None:
                    write(report, report_dir, docs)
        finally:
            discard(area)
    for line in lines(report):
        say(line)
    return report.has_passed


def what_is_at(paths: Sequence[Path]) -> str:
    """The name of what is checked, for headings."""
    return paths[0].name if len(paths) == 1 else f"{len(paths)} paths"


def name_of(area: Path) -> str:
    """The name of a DuckDB file as a database, by which its own views call it."""
    return area.stem


def suites_of(
    tables: list[str],
    area: Path,
    database: Path,
    project: Path,
    mapping: Path | None,
    at: datetime,
    say: Say,
) -> tuple[list[Any], list[str]]:
    """The suites of the raw tables in the area, landed; and notes about what was not compared."""
    from lifecycle.contract import read_landed
    from lifecycle.errors import UserError
    from lifecycle.gate.contract import Arrived, History, contract_suite
    from lifecycle.gate.history import read_history
    from lifecycle.landing import land
    from lifecycle.mapping import mapping_variables
    from lifecycle.tables import open_database, table_columns

    landed = read_landed(project)
    history, settings, reason = read_history(database, [landed[table] for table in tables])
    notes = [reason] if reason else []
    variables = settings | (mapping_variables(mapping, project) if mapping else {})
    if not land(project, area, tables, variables, say):
        raise UserError("The landing models did not run on these files; what dbt said is above.")
    suites = []
    with open_database(area, read_only=True) as con:
        for table in tables:
            (rows,) = con.execute(f"select count(*) from raw.{quote(table)}").fetchone()
            known = history.get(table, History())
            if not reason and not known.rows:
                notes.append(f"{table}: no earlier load to compare the number of rows with.")
            suites.append(
                contract_suite(
                    landed[table],
                    Arrived(frozenset(table_columns(con, table)), rows, known),
                    name_of(area),
                    project,
                    at,
                    share_limit(project, variables, table),
                )
            )
    return suites, notes


def share_limit(project: Path, variables: dict[str, Any], table: str) -> float:
    """The variable quarantine_share_limit for a table: one share, or shares by table."""
    name = "quarantine_share_limit"
    given = variables.get(name)
    if given is None:
        given = yaml.safe_load((project / "dbt_project.yml").read_text("utf-8"))["vars"][name]
    if isinstance(given, dict):
        given = given.get(table, given.get("default"))
    return float(given)


def left_out(heard: list[str]) -> Any:
    """A suite on what the files have and the contract does not: nobody would miss it later."""
    from lifecycle.gate.engine import WARNING, Check, Suite

    found = [
        line.removeprefix("Left out, ").split(". ")[0].rstrip(".")
        for line in heard
        if is_left_out(line)
    ]
    check = Check(
        "ExpectColumnMaxToBeBetween",
        {"column": "sentences", "max_value": 0},
        WARNING,
        "every file and every column is in the contract",
        "; ".join(found),
        "Rename it, or begin the name of a column of your own with x_.",
        place="names",
    )
    return Suite("files", f"select {len(found)} as sentences", [check])


def is_left_out(line: str) -> bool:
    """Whether a line of the reader names a file or a column that it leaves out."""
    return line.startswith("Left out, ") or " and left out: " in line


def count_quirks(paths: Sequence[Path], mapping: Path) -> dict[Any, int]:
    """The mapping's known quirks with their numbers in these files."""
    from lifecycle.files import data_files
    from lifecycle.gate.quirks import count_quirk, read_quirks
    from lifecycle.mapping import create_query, create_views, views_of, where_of

    quirks = read_quirks(mapping)
    if not quirks:
        return {}
    where = where_of(mapping / "quirks.yml")
    files = data_files(paths)
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        views = views_of(files, len(paths) == 1 and paths[0].is_file())
        create_views(con, views, [quirk.sql for quirk in quirks])
        return {
            quirk: count_quirk(
                con,
                quirk,
                create_query(
                    con, f"quirk {quirk.name}", quirk.sql, views, f"{where}, quirk {quirk.name}"
                ),
                where,
            )
            for quirk in quirks
        }


def quirks_of(quirks: dict[Any, int]) -> list[Any]:
    """The suite of the quirks, if there are any."""
    from lifecycle.gate.quirks import quirk_suite

    return [quirk_suite(quirks)] if quirks else []
