"""What goes out: a publication as a BI tool will see it, against its contract and the last one.

What the build's own tests prove (keys, relations, no NULL where none may be) is not checked again.
"""

import math
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import yaml

from lifecycle.errors import UserError
from lifecycle.files import literal, quote
from lifecycle.gate.thresholds import thresholds

Say = Callable[[str], None]

SCHEMA = "marts"
GUARDED = ("core", "lifecycle")  # folders of marts whose number of rows is watched
# The contract's words for types, as DuckDB says them.
TYPES = {"STRING": "VARCHAR", "TEXT": "VARCHAR", "INT": "INTEGER"}


class Promise(NamedTuple):
    """A mart of the contract: the folder its yml is in, and {column: type as DuckDB says it}."""

    folder: str
    columns: dict[str, str]


def check_publication(
    new: Path,
    current: Path | None,
    report_dir: Path | None,
    say: Say = print,
    project: Path | None = None,
    at: datetime | None = None,
) -> bool:
    """Whether the publication `new` may replace `current` (None: there is none yet).

    Both are DuckDB files with the marts as tables in the schema `marts`, or folders of a release
    with that file. `report_dir` gets Data Docs, JSON and JUnit XML; `at` is the time of the check
    (UTC, now by default). Says what was found. Nothing is changed.
    """
    from lifecycle.gate.engine import run
    from lifecycle.gate.report import Report, lines, write
    from lifecycle.paths import project_dir

    at = at or datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    files = {"new": release_file(new)}
    if current is not None:
        files["current"] = release_file(current)
    promises = read_promises(project or project_dir())
    with duckdb.connect() as con:
        for name, file in files.items():
            con.execute(f"attach {literal(file)} as {name} (read_only)")
        found = {name: read_columns(con, name) for name in files}
        before = read_headlines(con, found) if current is not None else None
    suites = structure(promises, found) + sanity(found["new"])
    notes: list[str] = []
    if before is None:
        notes.append("First publication: there is nothing to compare it with.")
    else:
        suites += comparisons(promises, found, before, notes)
    with tempfile.TemporaryDirectory() as folder:
        docs = Path(folder) / "docs" if report_dir else None
        report = Report("Check of the publication", at, run(suites, files, docs, at), tuple(notes))
        if report_dir is not None:
            write(report, report_dir, docs)
    for line in lines(report):
        say(line)
    return report.has_passed


def release_file(release: Path) -> Path:
    """The DuckDB file of a release, given itself or by its folder."""
    if not release.is_dir():
        file = release
    else:
        from lifecycle.publish import FILE

        file = release / FILE
    if not file.exists():
        raise UserError(f"There is no publication at {file}.")
    return file


def read_promises(project: Path) -> dict[str, Promise]:
    """The marts that the project's yml files promise, by name."""
    promises = {}
    for file in sorted((project / "models" / "marts").rglob("*.yml")):
        for model in (yaml.safe_load(file.read_text("utf-8")) or {}).get("models") or []:
            columns = {c["name"]: duckdb_type(c["data_type"]) for c in model.get("columns") or []}
            promises[model["name"]] = Promise(file.parent.name, columns)
    return promises


def duckdb_type(word: str) -> str:
    """A type of the contract as DuckDB says it: `string` is VARCHAR."""
    word = word.upper().replace(" ", "")
    return TYPES.get(word, word)


def read_columns(con: duckdb.DuckDBPyConnection, database: str) -> dict[str, dict[str, str]]:
    """{mart: {column: type}} of an attached publication."""
    tables: dict[str, dict[str, str]] = {}
    for table, column, type_ in con.execute(
        "select table_name, column_name, data_type from duckdb_columns()"
        " where database_name = ? and schema_name = ? order by table_name, column_index",
        [database, SCHEMA],
    ).fetchall():
        tables.setdefault(table, {})[column] = type_
    return tables


def read_headlines(
    con: duckdb.DuckDBPyConnection, found: dict[str, dict[str, dict[str, str]]]
) -> dict[str, Any] | None:
    """What the current publication said: as_of, customers, quarantined share, rule hashes of both.

    None when it lacks the marts to say it.
    """
    needed = {"build_manifest", "lifecycle_current", "row_accounting", "fct_revenue_events"}
    if not all(needed <= set(tables) for tables in found.values()):
        return {}
    as_of, old_hash = con.execute(
        f"select as_of, rule_hash from current.{SCHEMA}.build_manifest"
    ).fetchone()
    (new_hash,) = con.execute(f"select rule_hash from new.{SCHEMA}.build_manifest").fetchone()
    (customers,) = con.execute(
        f"select count(*) from current.{SCHEMA}.lifecycle_current"
    ).fetchone()
    (share,) = con.execute(quarantined_share("current")).fetchone()
    return {
        "as_of": as_of,
        "customers": customers,
        "quarantined_share": share,
        "same_rules": old_hash == new_hash,
    }


def quarantined_share(database: str) -> str:
    """The share of all raw rows that are in quarantine, as a query of one figure."""
    return (
        "select coalesce(cast(sum(quarantined_rows) as double) / nullif(sum(raw_rows), 0), 0)"
        f" as quarantined_share from {database}.{SCHEMA}.row_accounting"
    )


def structure(
    promises: dict[str, Promise], found: dict[str, dict[str, dict[str, str]]]
) -> list[Any]:
    """The suite on marts and columns: what is promised, what is there, what was there."""
    from lifecycle.gate.engine import CRITICAL, INFO, Check, Suite

    names = sorted(
        {(mart, column) for mart, promise in promises.items() for column in promise.columns}
        | {
            (mart, column)
            for tables in found.values()
            for mart in tables
            for column in tables[mart]
        }
    )
    rows = [
        (
            f"{mart}.{column}",
            promises[mart].columns.get(column) if mart in promises else None,
            found["new"].get(mart, {}).get(column),
            found.get("current", {}).get(mart, {}).get(column),
        )
        for mart, column in names
    ]
    values = ", ".join(
        f"({', '.join('null' if part is None else literal(part) for part in row)})" for row in rows
    )
    types = "name, promised, published, earlier"
    listed = f"(values {values}) as listed ({types})"
    is_new = "earlier is null" if "current" in found else "false"
    query = (
        f"select {types}, case when promised is not null then coalesce(published, 'missing') end"
        " as kept_promise, case when earlier is not null then coalesce(published, 'missing') end"
        f" as kept_place, case when published is not null and {is_new} then published end as added,"
        " case when published is not null and promised is null then published end as unpromised"
        f" from {listed}"
    )
    checks = [
        Check(
            "ExpectColumnValuesToNotBeInSet",
            {"column": "kept_promise", "value_set": ["missing"]},
            CRITICAL,
            "every column of the contract is published",
            "columns of the contract are missing",
            "Build again, or take them out of the yml.",
            place="columns",
        ),
        Check(
            "ExpectColumnPairValuesToBeEqual",
            pair("promised", "published"),
            CRITICAL,
            "types are those of the contract",
            "types differ from the contract",
            "Build again, or change the yml.",
            place="types",
        ),
        Check(
            "ExpectColumnValuesToBeNull",
            {"column": "unpromised"},
            INFO,
            "every published column is in the contract",
            "columns that no yml describes",
            place="columns",
        ),
    ]
    if "current" in found:
        checks += [
            Check(
                "ExpectColumnValuesToNotBeInSet",
                {"column": "kept_place", "value_set": ["missing"]},
                CRITICAL,
                "no column of the current publication is gone",
                "columns of the current publication are gone",
                "Reports that read them break. Publish with --accept when that is meant.",
                place="columns",
            ),
            Check(
                "ExpectColumnPairValuesToBeEqual",
                pair("earlier", "published"),
                CRITICAL,
                "no type has changed since the current publication",
                "types have changed since the current publication",
                "Reports that read them may break. Publish with --accept when that is meant.",
                place="types",
            ),
            Check(
                "ExpectColumnValuesToBeNull",
                {"column": "added"},
                INFO,
                "no column is new",
                "new columns",
                place="columns",
            ),
        ]
    return [Suite("structure", query, checks, named_by="name")]


def pair(first: str, second: str) -> dict[str, Any]:
    """The arguments of an expectation on two columns, rows without either left out."""
    return {"column_A": first, "column_B": second, "ignore_row_if": "either_value_is_missing"}


def sanity(tables: dict[str, dict[str, str]]) -> list[Any]:
    """A suite per mart that has rates, amounts or stretches of time: what no company can have."""
    from lifecycle.gate.engine import CRITICAL, Check, Suite

    limits = thresholds("published")
    suites = []
    for mart, columns in tables.items():
        checks = []
        for column in columns:
            if column.endswith("_rate") and column not in limits["free_rates"]:
                checks.append(
                    Check(
                        "ExpectColumnValuesToBeBetween",
                        {"column": column, "min_value": 0, "max_value": 1},
                        CRITICAL,
                        f"{column} lies between 0 and 1",
                        f"{column} is below 0 or above 1",
                    )
                )
            elif column in limits["never_negative"]:
                checks.append(
                    Check(
                        "ExpectColumnValuesToBeBetween",
                        {"column": column, "min_value": 0},
                        CRITICAL,
                        f"{column} is not negative",
                        f"{column} is negative",
                    )
                )
        if {"valid_from", "valid_to"} <= set(columns):
            checks.append(
                Check(
                    "ExpectColumnPairValuesAToBeGreaterThanB",
                    pair("valid_to", "valid_from"),
                    CRITICAL,
                    "a span ends after it begins",
                    "spans end before or when they begin",
                    place="valid_to",
                )
            )
        if checks:
            suites.append(Suite(mart, f"select * from new.{SCHEMA}.{quote(mart)}", checks))
    return suites


def comparisons(
    promises: dict[str, Promise],
    found: dict[str, dict[str, dict[str, str]]],
    before: dict[str, Any],
    notes: list[str],
) -> list[Any]:
    """The suites that compare with the current publication."""
    suites = [volumes(promises, found)]
    if not before:
        notes.append("The headline figures were not compared: a publication lacks their marts.")
        return suites
    if not before["same_rules"]:
        notes.append(
            "The rules have changed since the current publication, so that customers may have "
            "moved between stages: that is a warning only."
        )
    return [*suites, headline(before), stages(before["same_rules"]), months()]


def volumes(promises: dict[str, Promise], found: dict[str, dict[str, dict[str, str]]]) -> Any:
    """The suite on the number of rows, a row per mart that both publications have."""
    from lifecycle.gate.engine import CRITICAL, Check, Suite

    limits = thresholds("published")
    least, most, free = (
        limits[name] for name in ("least_rows_factor", "most_rows_factor", "free_rows")
    )
    guarded = [literal(mart) for mart, promise in promises.items() if promise.folder in GUARDED]
    counted = " union all ".join(
        f"select {literal(mart)} as name, (select count(*) from new.{SCHEMA}.{quote(mart)}) as now,"
        f" (select count(*) from current.{SCHEMA}.{quote(mart)}) as earlier"
        for mart in found["new"]
        if mart in found["current"]
    )
    query = (
        "select name, now, earlier, case when earlier > 0 then now end as now_where_there_were,"
        f" case when name in ({', '.join(guarded)}) and abs(now - earlier) > {free}"
        " then cast(now as double) / nullif(earlier, 0) end as factor"
        f" from ({counted or 'select null as name, 0 as now, 0 as earlier where false'}) as counted"
    )
    return Suite(
        "volumes",
        query,
        [
            Check(
                "ExpectColumnValuesToBeBetween",
                {"column": "now_where_there_were", "min_value": 1},
                CRITICAL,
                "no mart that had rows is empty",
                "marts that had rows are empty",
                "See whether a raw table was lost: lifecycle summary.",
                place="rows",
            ),
            Check(
                "ExpectColumnValuesToBeBetween",
                {"column": "factor", "min_value": least},
                CRITICAL,
                f"core and lifecycle marts keep at least {least:.0%} of their rows",
                f"marts with less than {least:.0%} of the rows they had",
                "See what was lost, or publish with --accept when it is meant.",
                place="rows",
            ),
            Check(
                "ExpectColumnValuesToBeBetween",
                {"column": "factor", "max_value": most},
                CRITICAL,
                f"core and lifecycle marts have at most {most:g} times the rows they had",
                f"marts with more than {most:g} times the rows they had",
                "See whether something was loaded twice, or publish with --accept.",
                place="rows",
            ),
        ],
        named_by="name",
    )


def headline(before: dict[str, Any]) -> Any:
    """The suite on single figures: as_of, customers, share of quarantined rows."""
    from lifecycle.gate.engine import CRITICAL, Check, Suite

    limits = thresholds("published")
    least = math.floor(before["customers"] * limits["least_customers_factor"])
    most = math.ceil(before["customers"] * limits["most_customers_factor"])
    share = before["quarantined_share"] + limits["quarantined_share_rise"]
    query = (
        f"select manifest.as_of, ({quarantined_share('new')}) as quarantined_share,"
        f" (select count(*) from new.{SCHEMA}.lifecycle_current) as customers"
        f" from new.{SCHEMA}.build_manifest as manifest"
    )
    return Suite(
        "headline",
        query,
        [
            Check(
                "ExpectColumnMaxToBeBetween",
                {"column": "as_of", "min_value": before["as_of"]},
                CRITICAL,
                f"as_of is not before that of the current publication, {before['as_of']}",
                f"as_of went back from {before['as_of']}",
                "Load the missing days, or publish with --accept.",
            ),
            Check(
                "ExpectColumnMaxToBeBetween",
                {
                    "column": "customers",
                    "min_value": max(0, min(least, before["customers"] - limits["free_rows"])),
                    "max_value": max(most, before["customers"] + limits["free_rows"]),
                },
                CRITICAL,
                f"the number of customers stays near that of the current publication, "
                f"{before['customers']:,}",
                f"the number of customers is far from {before['customers']:,}",
                "See identities and loads, or publish with --accept when it is meant.",
            ),
            Check(
                "ExpectColumnMaxToBeBetween",
                {"column": "quarantined_share", "max_value": round(share, 6)},
                CRITICAL,
                f"the share of quarantined rows is at most {share:.2%}",
                f"the share of quarantined rows is above {share:.2%}",
                "marts.quarantined_rows says why.",
            ),
        ],
    )


def stages(same_rules: bool) -> Any:
    """The suite on the share of each stage, a row per stage."""
    from lifecycle.gate.engine import CRITICAL, WARNING, Check, Suite

    limit = thresholds("published")["stage_share_change"]
    shares = (
        "select stage, count(*) / sum(count(*)) over () as share"
        f" from {{}}.{SCHEMA}.lifecycle_current group by stage"
    )
    query = (
        "select coalesce(now.stage, earlier.stage) as name, now.share, earlier.share as earlier,"
        " coalesce(now.share, 0) - coalesce(earlier.share, 0) as change"
        f" from ({shares.format('new')}) as now"
        f" full join ({shares.format('current')}) as earlier on now.stage = earlier.stage"
    )
    check = Check(
        "ExpectColumnValuesToBeBetween",
        {"column": "change", "min_value": -limit, "max_value": limit},
        CRITICAL if same_rules else WARNING,
        f"no stage's share of the customers moves by more than {100 * limit:g} points",
        f"stages whose share of the customers moved by more than {100 * limit:g} points",
        "See what was loaded since, or publish with --accept when it is meant.",
        place="share",
    )
    return Suite("stages", query, [check], named_by="name")


def months() -> Any:
    """The suite on net sales of months that are long over, a row per month."""
    from lifecycle.gate.engine import CRITICAL, Check, Suite

    limits = thresholds("published")
    limit, days = limits["closed_month_change"], limits["closed_after_days"]
    sales = (
        "select date_trunc('month', occurred_on) as month, sum(amount) as amount"
        f" from {{}}.{SCHEMA}.fct_revenue_events group by 1"
    )
    query = (
        "select strftime(coalesce(now.month, earlier.month), '%Y-%m') as name,"
        " cast(coalesce(now.amount, 0) as double) as amount,"
        " cast(coalesce(earlier.amount, 0) as double) as earlier,"
        " case when coalesce(now.amount, 0) = coalesce(earlier.amount, 0) then 0"
        " when coalesce(earlier.amount, 0) = 0 then 1"
        " else cast(now.amount as double) / cast(earlier.amount as double) - 1 end as change"
        f" from ({sales.format('new')}) as now"
        f" full join ({sales.format('current')}) as earlier on now.month = earlier.month"
        " where coalesce(now.month, earlier.month) + interval 1 month"
        f" <= (select as_of_on - {int(days)} from current.{SCHEMA}.build_manifest)"
    )
    check = Check(
        "ExpectColumnValuesToBeBetween",
        {"column": "change", "min_value": -limit, "max_value": limit},
        CRITICAL,
        f"net sales of months over for {days} days move by at most {limit:.0%}",
        f"months over for {days} days whose net sales moved by more than {limit:.0%}",
        "See which orders came, went or changed, or publish with --accept when it is meant.",
        place="net sales",
    )
    return Suite("months", query, [check], named_by="name")
