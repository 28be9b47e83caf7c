"""The SQL agrees with the reference state machine on thousands of random lives."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from reference.lifecycle_reference import Thresholds
from reference.segment_reference import read_segment_rules
from reference.timelines import (
    MODES,
    RAW_COLUMNS,
    Company,
    default_thresholds,
    expected_segments,
    expected_spans,
    hypothesis_company,
    random_company,
    random_population,
    random_thresholds,
    seed_rows,
    to_raw_tables,
)
from warehouse import PROJECT, compiled_models, rebuild, run_dbt, write_raw

# One round is one threshold set in each mode, with so many customers.
ROUNDS = int(os.environ.get("LIFECYCLE_PROPERTY_ROUNDS", "4"))
CUSTOMERS = int(os.environ.get("LIFECYCLE_PROPERTY_CUSTOMERS", "400"))

MEANS = {"b2c": (Decimal(100), Decimal(400)), "b2b": (Decimal(1000), Decimal(4000))}
SELECTION = "+lifecycle_spans +segment_spans"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any]]:
    """A connection and the compiled models, ready to run on any company."""
    database = tmp_path_factory.mktemp("property") / "company.duckdb"
    with duckdb.connect(str(database)) as connection:
        thresholds = random_thresholds(0)
        write_raw(connection, raw_tables(random_company(0, 20, thresholds), {"b2c": (60, 120)}))
    run_dbt("seed", database, variables={"use_sample": False})
    run_dbt("run", database, "--select", SELECTION, variables={"use_sample": False})
    models = compiled_models(database)
    with duckdb.connect(str(database)) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute("set threads = 2")
        for customer_type, means in MEANS.items():
            for parameter, mean in zip(
                ("mean_order_value", "mean_customer_value"), means, strict=True
            ):
                connection.execute(
                    "update rules.parameter_defaults set value = ? "
                    "where parameter = ? and customer_type = ?",
                    [mean, parameter, customer_type],
                )
        yield connection, models


def raw_tables(company: Company, population: Mapping[str, tuple[int, int]]) -> dict[str, list]:
    """The company and its fitted figures as raw tables."""
    fitted = [
        {
            "parameter": f"population_{clock}_days",
            "customer_type": customer_type,
            "value": days,
            "cut_off": "2018-01-01 00:00:00",
            "sample_size": 1_000_000,
            "diagnostics": None,
            "fitted_at": "2018-01-01 00:00:00",
        }
        for customer_type, both in population.items()
        for clock, days in zip(("decline", "churn"), both, strict=True)
    ]
    return {**to_raw_tables(company), "fitted_parameters": fitted}


def put_thresholds(
    connection: duckdb.DuckDBPyConnection, thresholds: Mapping[str, Thresholds]
) -> None:
    """Replace the rule seed, as an edit of the CSV would."""
    connection.execute("delete from rules.lifecycle_thresholds")
    for row in seed_rows(thresholds.values()):
        names, marks = ", ".join(row), ", ".join("?" for _ in row)
        connection.execute(
            f"insert into rules.lifecycle_thresholds ({names}) values ({marks})",
            list(row.values()),
        )


def differences(connection: Any, expected: list[tuple], query: str) -> list[tuple]:
    """Rows that are on one side only, marked by their side."""
    got = connection.execute(query).fetchall()
    sides = [("reference", row) for row in set(expected) - set(got)]
    sides += [("warehouse", row) for row in set(got) - set(expected)]
    assert len(got) == len(set(got))
    return sorted(sides, key=lambda side: (side[1][:2], side[0]))


SPANS = """
    select customer_id, span_number, stage, stage_detail, valid_from, valid_to, threshold_mode
    from marts.lifecycle_spans order by customer_id, span_number
"""
SEGMENTS = """
    select customer_id, span_number, segment, valid_from, valid_to
    from marts.segment_spans order by customer_id, span_number
"""


# The worked life: events on days, and the spans they make, (from, to, stage, detail).
TOUCHES = [(0, "ad_impression"), (5, "visit"), (10, "product_view"), (330, "referral_converted")]
ORDERS = [20, 60, 300, 310, 320]
COMPLAINT = 65
WORKED_LIFE = [
    (0, 10, "awareness", None),
    (10, 20, "consideration", "interest"),
    (20, 50, "purchase", None),
    (50, 60, "use", None),
    (60, 65, "retention", None),
    (65, 125, "decline", "dissatisfaction"),
    (125, 150, "retention", None),
    (150, 240, "decline", "silence"),
    (240, 300, "churn", None),
    (300, 310, "winback", None),
    (310, 330, "loyalty", None),
    (330, 410, "advocacy", None),
    (410, 500, "decline", "silence"),
    (500, None, "churn", None),
]


def day(number: int | None) -> datetime | None:
    """Noon of a day of the worked life."""
    return None if number is None else datetime(2022, 3, 1, 12) + timedelta(days=number)


def test_worked_life(machine: Any) -> None:
    connection, models = machine
    life = {
        "customers": [{"customer_id": "W1", "customer_type": "b2c"}],
        "orders": [
            {
                "order_id": f"O{at}",
                "customer_id": "W1",
                "ordered_at": day(at),
                "status": "completed",
                "gross_amount": "10",
            }
            for at in ORDERS
        ],
        "interactions": [
            {
                "interaction_id": f"I{at}",
                "customer_id": "W1",
                "occurred_at": day(at),
                "interaction_type": kind,
            }
            for at, kind in TOUCHES
        ],
        "tickets": [
            {
                "ticket_id": "T1",
                "customer_id": "W1",
                "opened_at": day(COMPLAINT),
                "is_complaint": True,
            }
        ],
    }
    life = {
        name: [dict.fromkeys(RAW_COLUMNS[name].split()) | row for row in rows]
        for name, rows in life.items()
    }
    write_raw(connection, {"refunds": [], "feedback": [], "fitted_parameters": [], **life})
    put_thresholds(connection, default_thresholds())
    rebuild(connection, models)
    got = connection.execute(
        "select valid_from, valid_to, stage, stage_detail from marts.lifecycle_spans "
        "where customer_id = 'person:W1' order by span_number"
    ).fetchall()
    assert got == [(day(a), day(b), stage, detail) for a, b, stage, detail in WORKED_LIFE]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("number", range(1, ROUNDS + 1))
def test_spans_agree_with_the_reference(machine: Any, mode: str, number: int) -> None:
    connection, models = machine
    seed = number * 10 + MODES.index(mode)
    thresholds = random_thresholds(seed, mode)
    population = random_population(seed, thresholds) if mode == "population" else {}
    draw = hypothesis_company if number % 2 else None
    company = (
        draw(CUSTOMERS, thresholds, population, number=seed)
        if draw
        else random_company(seed, CUSTOMERS, thresholds, population)
    )
    write_raw(connection, raw_tables(company, population))
    if not population:
        connection.execute("delete from raw.fitted_parameters")
    put_thresholds(connection, thresholds)
    rebuild(connection, models)

    expected = expected_spans(company, thresholds, population)
    assert len({row[0] for row in expected}) > CUSTOMERS / 2
    assert differences(connection, expected, SPANS)[:12] == []

    rules = read_segment_rules(Path(PROJECT / "seeds/rules/segment_rules.csv"))
    segments = expected_segments(company, rules, MEANS)
    assert differences(connection, segments, SEGMENTS)[:12] == []
