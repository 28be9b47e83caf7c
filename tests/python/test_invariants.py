"""Invariants of a whole build: no look-ahead, and the same rows from the same input."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from warehouse import (
    compiled_models,
    differing_tables,
    read_company,
    rebuild,
    run_dbt,
    tables_of,
    write_raw,
)

from lifecycle.generate import generate

Table = list[dict[str, Any]]

# What tells when a row was known, table by table. Written down here and not read from the
# contract, so that a mistake there is seen.
EVENT_TIME = {
    "customers": ("registered_at", "updated_at"),
    "orders": ("ordered_at", "updated_at"),
    "refunds": ("refunded_at",),
    "interactions": ("occurred_at",),
    "feedback": ("responded_at",),
    "tickets": ("opened_at",),
    "experiment_assignments": ("assigned_at",),
    "consents": ("recorded_at",),
    "identity_links": ("linked_at",),
    "erasure_requests": ("requested_at",),
}
EVENT_DAY = {"marketing_spend": "spend_on", "exchange_rates": "rate_on"}
KNOWN_LATER = {
    "orders": ("cancelled_at",),
    "feedback": ("closed_at",),
    "tickets": ("first_response_at", "resolved_at"),
    "experiment_assignments": ("exposed_at",),
}
VARIABLES = {"use_sample": False, "quarantine_share_limit": 1.0}
AS_OF_DAY = date(2023, 11, 15)
AS_OF = datetime(2023, 11, 15, 23)  # the end of that day in Berlin, in UTC


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Table]:
    """A generated company, dirty rows included, as rows of text."""
    folder = tmp_path_factory.mktemp("company")
    generate(120, 500, 5, folder, dirty=True)
    return read_company(folder)


def instant(text: str | None) -> datetime | None:
    """The moment a text names; None where it names none."""
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=None) if text else None
    except ValueError:
        return None


def cut(tables: dict[str, Table]) -> dict[str, Table]:
    """The raw data as it was at ``AS_OF``: nothing that happened or was written later."""
    known: dict[str, Table] = {}
    for name, rows in tables.items():
        times: Iterable[str] = EVENT_TIME.get(name, ())
        kept = [
            dict(row)
            for row in rows
            if all((instant(row[time]) or datetime.min) < AS_OF for time in times)
        ]
        if day := EVENT_DAY.get(name):
            kept = [row for row in kept if (instant(row[day]) or datetime.min).date() <= AS_OF_DAY]
        for row in kept:
            for column in KNOWN_LATER.get(name, ()):
                if (instant(row[column]) or datetime.min) >= AS_OF:
                    row[column] = None
                    if column == "cancelled_at":
                        row["status"] = None
        known[name] = kept
    every_order = {row["order_id"] for row in tables["orders"]}
    known_orders = {row["order_id"] for row in known["orders"]}
    known["order_items"] = [
        row
        for row in known["order_items"]
        if row["order_id"] in known_orders or row["order_id"] not in every_order
    ]
    return known


def build(database: Path, tables: dict[str, Table], **variables: Any) -> Path:
    """Put raw tables into a new database and build them; returns the database."""
    with duckdb.connect(str(database)) as connection:
        write_raw(connection, tables)
    chosen = VARIABLES | variables
    run_dbt("seed", database, variables=chosen)
    run_dbt("run", database, variables=chosen)
    return database


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, company: dict[str, Table]) -> Path:
    """The company built by dbt."""
    return build(tmp_path_factory.mktemp("first") / "company.duckdb", company)


@pytest.fixture
def built_anew(first: Path, tmp_path: Path) -> Callable[[dict[str, Table]], Path]:
    """Build other raw tables by the SQL that dbt compiled for the company's."""

    def build(tables: dict[str, Table]) -> Path:
        database = Path(shutil.copy(first, tmp_path / first.name))
        with duckdb.connect(str(database)) as connection:
            connection.execute("set TimeZone = 'UTC'")
            write_raw(connection, tables)
            rebuild(connection, compiled_models(first))
        return database

    return build


def assert_equal_marts(one: Path, other: Path, at_least: int) -> None:
    with (
        duckdb.connect(str(one), read_only=True) as left,
        duckdb.connect(str(other), read_only=True) as right,
    ):
        unequal, compared = differing_tables(left, right, tables_of(one, "marts"))
    assert unequal == {}
    assert compared > at_least


def test_as_of_equals_a_build_on_data_cut_there(
    company: Any, built_anew: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "replayed"
    folder.mkdir()
    replayed = build(folder / "company.duckdb", company, as_of=AS_OF_DAY.isoformat())
    cut_there = built_anew(cut(company))
    assert_equal_marts(replayed, cut_there, at_least=5_000)
    with duckdb.connect(str(replayed), read_only=True) as connection:
        (as_of,) = connection.execute("select as_of from marts.build_manifest").fetchone()
        (later,) = connection.execute(
            "select count(*) from raw.orders where try_cast(ordered_at as timestamp) >= ?", [AS_OF]
        ).fetchone()
    assert as_of == AS_OF
    assert later > 100


def test_the_order_of_raw_rows_does_not_matter(company: Any, first: Path, built_anew: Any) -> None:
    shuffled = {}
    for name, rows in company.items():
        shuffled[name] = rows.copy()
        random.Random(7).shuffle(shuffled[name])
    assert_equal_marts(first, built_anew(shuffled), at_least=10_000)


def test_fit_appends_what_the_purchases_say(first: Path, tmp_path: Path) -> None:
    """Against numpy, from the purchase moments before the cut-off."""
    database = Path(shutil.copy(first, tmp_path / first.name))
    arguments = ("--args", "{cut_off: 2023-12-31}")
    run_dbt("run-operation fit", database, *arguments, variables=VARIABLES)
    run_dbt("run-operation fit", database, *arguments, variables=VARIABLES)
    with duckdb.connect(str(database), read_only=True) as connection:
        fitted = connection.execute(
            "select customer_type, parameter, value, sample_size, cut_off, count(*) as fits "
            "from raw.fitted_parameters group by all"
        ).fetchall()
        moments = connection.execute(
            "select customer_type, customer_id, purchased_on, net_amount "
            "from intermediate.int_purchase_moments where purchased_at < '2023-12-31 23:00:00'"
        ).df()
    assert {row[4:] for row in fitted} == {(datetime(2023, 12, 31, 23), 2)}
    got = {row[:2]: (float(row[2]), row[3]) for row in fitted}

    shop = moments[moments["customer_type"] == "b2c"]
    buyers = shop.groupby("customer_id")["net_amount"].agg(["count", "sum"]).astype(float)
    repeat = int((buyers["count"] > 1).sum())
    days = shop[["customer_id", "purchased_on"]].drop_duplicates().sort_values("purchased_on")
    gaps = days.groupby("customer_id")["purchased_on"].diff().dropna().dt.days
    mean_order = buyers["sum"].sum() / buyers["count"].sum()
    assert got["b2c", "mean_order_value"] == (pytest.approx(mean_order, abs=1e-4), repeat)
    assert got["b2c", "mean_customer_value"] == (
        pytest.approx(buyers["sum"].mean(), abs=1e-4),
        repeat,
    )
    for parameter, quantile in (("decline", 0.80), ("churn", 0.95)):
        whole = float(np.floor(np.quantile(gaps, quantile) + 0.5))
        assert got["b2c", f"population_{parameter}_days"] == (whole, len(gaps))
