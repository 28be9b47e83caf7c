"""The landing contract as expectations: one suite per raw table, on its landing view.

Each clause of `landing_fault` (macros/landing/landing.sql) is one expectation here; a test proves
that both find the same rows.
"""

import csv
import math
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from lifecycle.contract import Column, Landed
from lifecycle.files import literal, quote
from lifecycle.gate.engine import CRITICAL, INFO, WARNING, Check, Suite
from lifecycle.gate.thresholds import thresholds

QUARANTINE = "These rows go to quarantine."
# Up to so many rows in quarantine stop no build (macros/rules/quarantine.sql).
FREE_ROWS = 5

# Which seed knows the words of which column, as in models/marts/quality/unmapped_words.sql.
WORDS = {
    ("orders", "status"): ("order_statuses", "status"),
    ("orders", "sales_channel"): ("channels", "channel"),
    ("interactions", "channel"): ("channels", "channel"),
    ("campaigns", "channel"): ("channels", "channel"),
    ("marketing_spend", "channel"): ("channels", "channel"),
    ("tickets", "channel"): ("channels", "channel"),
    ("consents", "channel"): ("channels", "channel"),
    ("customers", "acquisition_channel"): ("channels", "channel"),
    ("customers", "customer_type"): ("lifecycle_thresholds", "customer_type"),
    ("interactions", "interaction_type"): ("interaction_types", "interaction_type"),
    ("feedback", "survey_type"): ("survey_types", "survey_type"),
    ("refunds", "reason"): ("reasons", "reason"),
    ("experiments", "primary_metric"): ("experiment_metrics", "metric"),
}


class History(NamedTuple):
    """What the last loads of a table brought: rows per load, and the newest event (UTC)."""

    rows: tuple[int, ...] = ()
    newest: datetime | None = None


class Arrived(NamedTuple):
    """What has arrived for a raw table: the columns it has, its rows, what was there before."""

    columns: frozenset[str]
    rows: int
    history: History = History()


def seed(project: Path, name: str) -> list[dict[str, str]]:
    """The rows of a rule seed."""
    file = project / "seeds" / "rules" / f"{name}.csv"
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def contract_suite(
    table: Landed,
    arrived: Arrived,
    database: str,
    project: Path,
    at: datetime,
    share_limit: float,
) -> Suite:
    """The suite of one raw table on its landing view in `database`, at `at` (UTC).

    `share_limit` is the largest share of its rows that may go to quarantine. Only columns that
    have arrived are checked; a required one that has not is an error before this.
    """
    there = [column for column in table.columns if column.name in arrived.columns]
    extra: list[str] = []
    checks = volume(arrived)
    for column in there:
        checks += clauses(column, extra)
    if table.meta.get("any_of"):
        checks.append(any_of(table.meta["any_of"], extra))
    checks.append(share(arrived.rows, share_limit))
    checks.append(uniqueness(table))
    checks += words(table, there, project)
    if table.name == "feedback":
        checks += scores(project, extra)
    checks += freshness(table, there, arrived, at, extra)
    view = f"{quote(database)}.landing.{quote(f'raw_{table.name}')}"
    columns = "".join(f",\n    {column}" for column in extra)
    return Suite(table.name, f"select *{columns}\nfrom {view}", checks)


def clauses(column: Column, extra: list[str]) -> list[Check]:
    """The clauses of the contract on one column; what they look at is added to `extra`."""
    name = column.name
    checks = []
    given = f"given__{name}" if column.type != "string" else name
    if column.type != "string":
        word = "decimal" if column.type in ("rate", "number") else column.type
        extra.append(
            f"case when {given} is not null and {name} is null then 1 end as unread__{name}"
        )
        checks.append(
            clause(
                "ExpectColumnValuesToBeNull",
                {"column": f"unread__{name}"},
                f"{name} can be read as {article(word)} wherever it is given",
                f"{name} is not {article(word)}",
                name,
            )
        )
    if column.meta.get("required"):
        at = name
        if column.type != "string":
            # What cannot be read is told once, above.
            at = f"there__{name}"
            extra.append(f"case when {given} is not null or {name} is not null then 1 end as {at}")
        checks.append(
            clause(
                "ExpectColumnValuesToNotBeNull",
                {"column": at},
                f"{name} is given",
                f"{name} is missing",
                name,
            )
        )
    if column.meta.get("at_least_zero"):
        checks.append(
            clause(
                "ExpectColumnValuesToBeBetween",
                {"column": name, "min_value": 0},
                f"{name} is not negative",
                f"{name} is negative",
                name,
            )
        )
    if column.type in ("timestamp", "date"):
        first, last = datetime(1900, 1, 1), datetime(2200, 1, 1)
        checks.append(
            clause(
                "ExpectColumnValuesToBeBetween",
                {"column": name, "min_value": first, "max_value": last, "strict_max": True},
                f"{name} lies between 1900 and 2199",
                f"{name} is before 1900 or after 2199",
                name,
            )
        )
        if column.meta.get("has_happened"):
            extra.append(
                f"case when cast({name} as timestamp) > _loaded_at + interval 1 day then 1 end"
                f" as late__{name}"
            )
            checks.append(
                clause(
                    "ExpectColumnValuesToBeNull",
                    {"column": f"late__{name}"},
                    f"{name} is at most a day after the row was loaded",
                    f"{name} is after the row was loaded",
                    name,
                )
            )
    return checks


def clause(rule: str, args: dict[str, Any], says: str, fault: str, place: str) -> Check:
    """A clause of the contract: its rows go to quarantine; too many of them are told by `share`."""
    return Check(rule, args, WARNING, says, fault, QUARANTINE, place, is_contract=True)


def article(word: str) -> str:
    """The word with its article."""
    return f"{'an' if word[0] in 'aeio' else 'a'} {word}"


def any_of(names: list[str], extra: list[str]) -> Check:
    """One of several columns must be given."""
    extra.append(f"coalesce({', '.join(names)}) as any_of__{'__'.join(names)}")
    return clause(
        "ExpectColumnValuesToNotBeNull",
        {"column": f"any_of__{'__'.join(names)}"},
        f"one of {', '.join(names)} is given",
        f"one of {', '.join(names)} must be given",
        ", ".join(names),
    )


def share(rows: int, limit: float) -> Check:
    """The verdict: how many rows of the table may break the contract before a build stops."""
    allowed = max(math.floor(limit * rows + 1e-9), min(FREE_ROWS, rows - 1), 0)
    return Check(
        "ExpectColumnValuesToBeNull",
        {"column": "_contract_fault", "mostly": (rows - allowed) / rows if rows else 1.0},
        CRITICAL,
        f"at most {allowed:,} of {rows:,} rows break the contract, {limit:.4g} of them or a few",
        f"more than the {allowed:,} rows that may break the contract do",
        "Mend the source or the mapping; a build would stop.",
        place="rows",
    )


def uniqueness(table: Landed) -> Check:
    """Keys that come more than once: versions where the contract knows of them, else repeats."""
    key = ", ".join(table.meta["key"])
    has_versions = bool(table.meta.get("version_time"))
    return Check(
        "ExpectColumnValuesToBeUnique",
        {"column": "_row_key"},
        INFO if has_versions else WARNING,
        f"{key} comes once" if len(table.meta["key"]) == 1 else f"({key}) comes once",
        f"{key} comes more than once",
        "They are versions; the latest counts." if has_versions else "One row of each is kept.",
        place=key,
    )


def words(table: Landed, there: list[Column], project: Path) -> list[Check]:
    """Words that no rule seed knows: they cost no revenue, but nobody said what they mean."""
    checks = []
    for column in there:
        known_by = WORDS.get((table.name, column.name))
        if known_by:
            file, key = known_by
            known = sorted({row[key] for row in seed(project, file)})
            checks.append(
                Check(
                    "ExpectColumnValuesToBeInSet",
                    {"column": column.name, "value_set": known},
                    WARNING,
                    f"every word in {column.name} is in seeds/rules/{file}.csv",
                    f"{column.name} holds words that seeds/rules/{file}.csv does not know",
                    "They count as unknown; add them to the seed.",
                )
            )
    return checks


def scores(project: Path, extra: list[str]) -> list[Check]:
    """Scores within the scale of their survey type."""
    checks = []
    for position, row in enumerate(seed(project, "survey_types"), 1):
        word, least, most = row["survey_type"], row["scale_min"], row["scale_max"]
        column = f"score_of_survey_{position}"
        extra.append(f"case when survey_type = {literal(word)} then score end as {column}")
        checks.append(
            Check(
                "ExpectColumnValuesToBeBetween",
                {"column": column, "min_value": float(least), "max_value": float(most)},
                WARNING,
                f"a score of {word} lies in {least} to {most}",
                f"scores of {word} lie outside {least} to {most}",
                "See seeds/rules/survey_types.csv.",
                place="score",
            )
        )
    return checks


def volume(arrived: Arrived) -> list[Check]:
    """The number of rows against the last loads; without any, that there are rows at all."""
    limits = thresholds("incoming")
    usual = median(arrived.history.rows) if arrived.history.rows else 0
    checks = [
        Check(
            "ExpectTableRowCountToBeBetween",
            {"min_value": 1},
            CRITICAL if usual else WARNING,
            "there are rows",
            f"there are no rows, where the last loads had {usual:,.0f}"
            if usual
            else "there are no rows",
            "See whether the export ran.",
            place="rows",
        )
    ]
    if usual and arrived.rows:
        least = math.ceil(usual * limits["least_rows_factor"])
        most = math.floor(usual * limits["most_rows_factor"])
        checks.append(
            Check(
                "ExpectTableRowCountToBeBetween",
                {"min_value": least, "max_value": most},
                WARNING,
                f"there are {least:,} to {most:,} rows, as in the last loads",
                f"the number of rows is not within {least:,} to {most:,}, as in the last loads",
                "See whether the export is whole.",
                place="rows",
            )
        )
    return checks


def freshness(
    table: Landed, there: list[Column], arrived: Arrived, at: datetime, extra: list[str]
) -> list[Check]:
    """How new the newest row is that keeps the contract, against the last loads and the clock."""
    event = next((c for c in there if c.name == table.meta.get("event_time")), None)
    if event is None or not event.meta.get("has_happened") or not arrived.rows:
        return []
    days = thresholds("incoming")["newest_event_days"].get(table.name)
    column = f"newest__{event.name}"
    checks = []
    if arrived.history.newest:
        newest = arrived.history.newest
        checks.append(
            Check(
                "ExpectColumnMaxToBeBetween",
                {"column": column, "min_value": newest},
                WARNING,
                f"the newest {event.name} is not before that of the last loads, {newest}",
                f"the newest {event.name} is before that of the last loads, {newest}",
                "See whether these are old files.",
                place=event.name,
            )
        )
    if days:
        oldest = (at - timedelta(days=days)).replace(microsecond=0)
        checks.append(
            Check(
                "ExpectColumnMaxToBeBetween",
                {"column": column, "min_value": oldest},
                WARNING,
                f"the newest {event.name} is at most {days} days old",
                f"the newest {event.name} is more than {days} days old",
                "See whether the export is up to date; for history it is as it should be.",
                place=event.name,
            )
        )
    if checks:
        extra.append(
            f"case when _contract_fault is null then cast({event.name} as timestamp) end"
            f" as {column}"
        )
    return checks
