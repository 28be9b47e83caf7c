"""The command `lifecycle`: arguments in, one call, readable lines out."""

import errno
import os
import sys
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import rich_click as click

from lifecycle import __version__
from lifecycle.errors import UserError


def say(line: str) -> None:
    """A line for the user, at once and in one piece: dbt speaks from several threads."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lifecycle")
def cli() -> None:
    """One view of every customer's whole life, from raw tables to lifecycle stages and segments."""


@cli.command()
@click.option("--customers", type=click.IntRange(min=1), required=True, help="How many customers.")
@click.option("--days", type=click.IntRange(min=1), required=True, help="Length of the history.")
@click.option("--seed", type=click.IntRange(min=0), required=True, help="Same seed, same company.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write to.")
@click.option("--format", "fmt", type=click.Choice(["csv", "parquet"]), default="csv")
@click.option("--start", metavar="DATE", help="First day of the history.")
@click.option("--dirty", is_flag=True, help="Add some faulty rows of each kind.")
def generate(
    customers: int, days: int, seed: int, out: Path, fmt: str, start: str | None, dirty: bool
) -> None:
    """Write the raw tables of a made-up company, and the truth behind it."""
    from lifecycle.generate import generate as write

    if out.exists() and not out.is_dir():
        raise UserError(f"--out {out} is a file. Give a folder.")
    options = {"start": parse_date(start, "--start")} if start else {}
    rows = write(customers, days, seed, out, fmt=fmt, dirty=dirty, **options)
    for table, count in rows.items():
        say(f"{count:>14,} {table}")
    say(f"Written to {out}. Next: lifecycle load {out}")


@cli.command()
@click.argument("paths", metavar="PATH…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--mapping",
    type=click.Path(path_type=Path),
    help="Folder with one SELECT per raw table (orders.sql, …) over views named after the files.",
)
@click.option("--loaded-at", metavar="TS", help="UTC time of rows without _loaded_at. [now]")
@click.option("--report/--no-report", default=True, help="Say what the contract finds. [yes]")
def load(
    paths: tuple[Path, ...], mapping: Path | None, loaded_at: str | None, report: bool
) -> None:
    """Load CSV or Parquet files into the raw tables, all or nothing.

    PATH is a file (.csv and .txt also as .gz), a folder with all below it, or a pattern
    ('exports/orders_*.csv'). Files, or folders around them, are named after the raw tables
    (orders.csv, orders_2024-01.parquet, orders/part-1.csv), or a mapping says how to make the raw
    tables from them. The same content is never loaded twice, and a load that was stopped goes on
    where it was.
    """
    from lifecycle.build import what_is_loaded
    from lifecycle.load import load as load_files
    from lifecycle.paths import database_path, project_dir

    project = project_dir()
    database = database_path(project)
    instant = parse_instant(loaded_at, "--loaded-at") if loaded_at else None
    load_files(paths, database, project, mapping, instant, say, report)
    missing = sorted({"customers", "orders"} - what_is_loaded(project, None, database)[0])
    if missing:
        say(f"Loaded into {database}. A build needs {' and '.join(missing)} as well.")
    else:
        say(f"Loaded into {database}. Next: lifecycle build")


@cli.command()
@click.argument("paths", metavar="PATH…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--mapping", type=click.Path(path_type=Path), help="As in load.")
@click.option("--report", type=click.Path(path_type=Path), help="Folder for pages, JSON, JUnit.")
@click.option("--loaded-at", metavar="TS", help="UTC time at which the files arrived. [now]")
def check(
    paths: tuple[Path, ...], mapping: Path | None, report: Path | None, loaded_at: str | None
) -> None:
    """Check files against the landing contract before they are loaded.

    PATH and --mapping are as in load. Nothing is loaded, and the warehouse is only read. Exit code
    0: they may be loaded (warnings are said), 1: too much is wrong, 2: they could not be checked.
    """
    from lifecycle.gate.incoming import check_files
    from lifecycle.paths import database_path, project_dir

    project = project_dir()
    database = database_path(project)
    instant = parse_instant(loaded_at, "--loaded-at") if loaded_at else None
    if report is not None and report.exists() and not report.is_dir():
        raise UserError(f"--report {report} is a file. Give a folder.")
    if not check_files(paths, database, project, mapping, instant, report, say):
        sys.exit(1)


@cli.command()
@click.option("--as-of", metavar="DATE", help="What was known then, in schemas of its own.")
@click.option("--target", metavar="NAME", help="Target of profiles.yml. [its default]")
@click.option("--select", "-s", multiple=True, metavar="NODES", help="As in dbt build.")
@click.option("--exclude", multiple=True, metavar="NODES", help="As in dbt build.")
@click.option(
    "--sample/--no-sample",
    default=None,
    help="The sample company, or what was loaded. [what was loaded, if anything]",
)
@click.option("--full-refresh", is_flag=True, help="Build incremental models anew.")
@click.option("--vars", "given", metavar="YAML", help="More dbt variables.")
@click.option("--threads", type=click.IntRange(min=1), default=2, show_default=True)
def build(
    as_of: str | None,
    target: str | None,
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    sample: bool | None,
    full_refresh: bool,
    given: str | None,
    threads: int,
) -> None:
    """Build and test everything, then say what came out."""
    from lifecycle.build import build_vars, check_salt, run_dbt
    from lifecycle.connection import duckdb_file
    from lifecycle.erase import finish
    from lifecycle.lock import one_build
    from lifecycle.paths import project_dir
    from lifecycle.summary import summarise

    project = project_dir()
    variables = build_vars(loaded_at_target(project, target), as_of, sample, given)
    check_salt(variables.get("use_sample") is not False, say)
    command = ["build", "--threads", str(threads)]
    command += ["--select", *select] if select else []
    command += ["--exclude", *exclude] if exclude else []
    if variables.get("use_sample") is False:
        # They prove the models on rows of their own; the sample company's build runs them.
        # The option would hide dbt's own variable.
        left_out = {"unit_test", *os.environ.get("DBT_EXCLUDE_RESOURCE_TYPES", "").split()}
        command += ["--exclude-resource-types", *sorted(left_out)]
    prefix = str(variables.get("schema_prefix", ""))
    with one_build(project, target, duckdb_file(project, target), prefix):
        erases = erasing(project, variables, target, bool(select or exclude))
        # Who is forgotten may stand in the text of any row.
        command += ["--full-refresh"] if full_refresh or erases else []
        if not run_dbt(command, project, variables, target, say):
            sys.exit(1)
        if erases:
            finish(project, target, variables, say)
    summarise(project, target, prefix, say)


@cli.command()
@click.option("--cut-off", metavar="DATE", help="Use what happened before. [as_of of the build]")
@click.option("--target", metavar="NAME", help="Target of profiles.yml. [its default]")
@click.option("--sample/--no-sample", default=None, help="As in build.")
@click.option("--vars", "given", metavar="YAML", help="More dbt variables.")
def fit(cut_off: str | None, target: str | None, sample: bool | None, given: str | None) -> None:
    """Estimate the shop's own figures from what was built, and keep them for later builds."""
    import json

    from lifecycle.build import build_vars, check_instant, run_dbt
    from lifecycle.fit import estimate
    from lifecycle.paths import project_dir

    project = project_dir()
    variables = build_vars(loaded_at_target(project, target), None, sample, given)
    until = check_instant(cut_off, "--cut-off") if cut_off else None
    estimated = estimate(project, target, variables, until, say)
    if estimated is None:
        sys.exit(1)
    arguments = json.dumps(dict(zip(("cut_off", "found"), estimated, strict=True)))
    if not run_dbt(["run-operation", "fit", "--args", arguments], project, variables, target, say):
        sys.exit(1)


@cli.command()
@click.option("--target", metavar="NAME", help="Target of profiles.yml. [its default]")
@click.option("--as-of", metavar="DATE", help="The build of that date.")
@click.option("--schema-prefix", metavar="TEXT", default="", help="As in the build.")
def summary(target: str | None, as_of: str | None, schema_prefix: str) -> None:
    """Customers per stage and segment, quarantined rows, where the database is."""
    from lifecycle.build import as_of_prefix
    from lifecycle.paths import project_dir
    from lifecycle.summary import summarise

    prefix = schema_prefix + (as_of_prefix(as_of) if as_of else "")
    summarise(project_dir(), target, prefix, say)


@cli.command()
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder to publish to.")
@click.option("--target", metavar="NAME", help="Target of profiles.yml. [its default]")
@click.option("--as-of", metavar="DATE", help="The build of that date.")
@click.option("--schema-prefix", metavar="TEXT", default="", help="As in the build.")
@click.option("--accept", is_flag=True, help="Swap it in although it does not pass the check.")
@click.option("--keep", type=click.IntRange(min=1), default=3, help="Releases that stay. [3]")
def publish(
    out: Path | None,
    target: str | None,
    as_of: str | None,
    schema_prefix: str,
    accept: bool,
    keep: int,
) -> None:
    """Copy the marts for BI tools, check the copy, and swap it in at once.

    BI tools read DIR/current: a DuckDB file and a Parquet file per mart. DIR is the folder
    `published` beside the database unless --out says otherwise.
    """
    from lifecycle.build import as_of_prefix
    from lifecycle.paths import project_dir
    from lifecycle.publish import publish as swap_in

    prefix = schema_prefix + (as_of_prefix(as_of) if as_of else "")
    if not swap_in(project_dir(), out, target, prefix, accept, keep, say):
        sys.exit(1)


@cli.command()
@click.argument("audience")
@click.option("--format", "fmt", type=click.Choice(["csv", "parquet"]), default="csv")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder to write to.")
@click.option("--target", metavar="NAME", help="Target of profiles.yml. [its default]")
@click.option("--schema-prefix", metavar="TEXT", default="", help="As in the build.")
def export(
    audience: str, fmt: str, out: Path | None, target: str | None, schema_prefix: str
) -> None:
    """Write an audience's part to contact to a file; the rest becomes an experiment.

    AUDIENCE is one of seeds/rules/audience_rules.csv. DIR is the folder `exports` beside the
    database unless --out says otherwise. The file holds ids and no addresses.
    """
    from lifecycle.export import export as write
    from lifecycle.paths import project_dir

    write(project_dir(), audience, fmt, out, target, schema_prefix, say)


@cli.command()
@click.argument("customer")
@click.option("--target", metavar="NAME", help="Target of profiles.yml. [its default]")
@click.option("--as-of", metavar="DATE", help="The build of that date.")
@click.option("--schema-prefix", metavar="TEXT", default="", help="As in the build.")
@click.option("--all", "all_events", is_flag=True, help="All events, not only the last 30.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def explain(
    customer: str,
    target: str | None,
    as_of: str | None,
    schema_prefix: str,
    all_events: bool,
    as_json: bool,
) -> None:
    """Why a customer is where it is: events, stages, segments, and the rule behind each change.

    CUSTOMER is a customer_id of the marts (person:…, account:…, anonymous:…), or a customer_id,
    account_id or anonymous_id of the sources.
    """
    import json

    from lifecycle.build import as_of_prefix
    from lifecycle.explain import explain as read
    from lifecycle.explain import say_plainly, show
    from lifecycle.paths import project_dir

    prefix = schema_prefix + (as_of_prefix(as_of) if as_of else "")
    life = read(project_dir(), customer, target, prefix, all_events)
    if as_json:
        say(json.dumps(life, indent=2, ensure_ascii=False, default=str))
    elif sys.stdout.isatty():
        show(life)
    else:
        say_plainly(life, say)


def loaded_at_target(project: Path, target: str | None) -> partial:
    """A function that finds out what is loaded in a raw schema of the target."""
    from lifecycle.build import what_is_loaded
    from lifecycle.connection import duckdb_file

    return partial(what_is_loaded, project, target, duckdb_file(project, target))


def erasing(project: Path, variables: dict[str, Any], target: str | None, is_part: bool) -> bool:
    """Carry out requests to be forgotten, as a whole build of what was loaded begins.

    Returns whether the build has to be finished with `lifecycle.erase.finish`.
    """
    from lifecycle.erase import begin, is_main

    if variables.get("use_sample") is not False or is_part or not is_main(variables):
        return False
    return begin(project, target, variables, say)


def parse_date(text: str, option: str) -> date:
    """A date option's value. Raises UserError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UserError(f"{option} {text}: write a date, as in 2025-01-31.") from None


def parse_instant(text: str, option: str) -> datetime:
    """A timestamp option's value as UTC without a zone. Raises UserError."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"{option} {text}: write a UTC time, as in 2025-01-31T18:00:00.") from None
    return instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant


def main() -> None:
    """Run the command; a mistake of the user's is one sentence and exit code 2."""
    try:
        cli(prog_name="lifecycle")
    except (UserError, OSError) as error:
        said = error if isinstance(error, UserError) else refused_by_system(error)
        print(f"Error: {said}", file=sys.stderr)
        sys.exit(2)


def refused_by_system(error: OSError) -> str:
    """What the operating system refused, as a sentence: a file, and why."""
    file = error.filename or "A file"
    reasons = {
        errno.ENOENT: "is not there (any more).",
        errno.EACCES: "may not be read or written by this user. Change its permissions.",
        errno.EPERM: "may not be read or written by this user. Change its permissions.",
        errno.ENOSPC: "cannot be written: the disk is full.",
        errno.EFBIG: "cannot be written: the disk is full, or files may not grow so large.",
    }
    return f"{file} {reasons.get(error.errno, f'cannot be used: {error.strerror}.')}"
