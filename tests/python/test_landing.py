"""The landing models on a few raw rows: what dbt unit tests cannot reach.

A landing model asks the database for the columns of its raw table, so it needs a table. One dbt
run lands four small tables at an `as_of`; each test reads its own story from them.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from warehouse import run_dbt, write_raw

AS_OF = "2025-01-10"  # ends at 23:00 UTC, midnight in Berlin


def order(order_id: str, ordered_at: str, **given: str | None) -> dict[str, str | None]:
    """A raw order as text; what is not given is NULL or plain."""
    names = ("status", "cancelled_at", "updated_at", "gross_amount", "x_store", "_loaded_at")
    return {"order_id": order_id, "ordered_at": ordered_at} | {
        name: given.get(name) for name in names
    }


ORDERS = [
    order("ON_TIME", "2025-01-10 22:59:59"),
    order("LATE", "2025-01-10 23:00:00"),
    order("VERSIONS", "2025-01-09 12:00:00", status="paid", updated_at="2025-01-09 12:00:00"),
    order("VERSIONS", "2025-01-09 12:00:00", status="shipped", updated_at="2025-01-12 12:00:00"),
    order("CANCELLED", "2025-01-09 12:00:00", cancelled_at="2025-01-10 12:00:00"),
    order(
        "CANCELLED_LATER",
        "2025-01-09 12:00:00",
        status="cancelled",
        cancelled_at="2025-01-11 12:00:00",
    ),
    order("SHOUTED", "2025-01-09 12:00:00", status=" SHIPPED "),
    order("TABBED\t", "2025-01-09 12:00:00\r\n"),
    order("NO_TIME", "soon"),
    order("NO_AMOUNT", "2025-01-09 12:00:00", gross_amount="ten"),
    order("NEGATIVE", "2025-01-09 12:00:00", gross_amount="-1"),
    order("FUTURE", "2025-01-09 12:00:01", _loaded_at="2025-01-08 12:00:00"),
    order("NEARLY_FUTURE", "2025-01-09 12:00:00", _loaded_at="2025-01-08 12:00:00"),
    order("OLD", "1899-12-31 23:59:59"),
    order("  BLANKS  ", "2025-01-09 12:00:00", status="   ", x_store=" North "),
    order("", "2025-01-09 12:00:00"),
]
ASSIGNMENTS = [
    {"experiment_id": "E1", "variant": "a", "anonymous_id": None, "assigned_at": "2025-01-09"},
    {"experiment_id": "E1", "variant": "a", "anonymous_id": "D1", "assigned_at": "2025-01-09"},
]
RATES = [
    {"rate_on": "2025-01-09", "currency": "usd", "rate_to_reporting": "0.9"},
    {"rate_on": "2025-01-09", "currency": "USD", "rate_to_reporting": "0.9"},
]
ITEMS = [
    {"order_item_id": "L1", "order_id": "ON_TIME", "product_id": "P1", "quantity": "1"},
    {"order_item_id": "L2", "order_id": "LATE", "product_id": "P1", "quantity": "1"},
    {"order_item_id": "L3", "order_id": "NEVER_SEEN", "product_id": "P1", "quantity": "1"},
]


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with the landing models at `AS_OF`."""
    database = tmp_path_factory.mktemp("landing") / "company.duckdb"
    with duckdb.connect(str(database)) as con:
        write_raw(
            con,
            {
                "orders": ORDERS,
                "order_items": ITEMS,
                "experiment_assignments": ASSIGNMENTS,
                "exchange_rates": RATES,
            },
        )
    run_dbt(
        "run --select raw_orders raw_order_items raw_experiment_assignments raw_exchange_rates",
        database,
        variables={"use_sample": False, "as_of": AS_OF, "reporting_timezone": "Europe/Berlin"},
    )
    with duckdb.connect(str(database)) as con:
        yield con


def faults(landed: duckdb.DuckDBPyConnection) -> dict[str | None, str | None]:
    """The fault of each landed order."""
    return dict(landed.sql("select order_id, _contract_fault from landing.raw_orders").fetchall())


def test_as_of_hides_later_rows(landed: duckdb.DuckDBPyConnection) -> None:
    orders = landed.sql("select order_id, status, cancelled_at from landing.raw_orders").fetchall()
    known = {row[0]: row for row in orders}
    assert "ON_TIME" in known
    assert "LATE" not in known
    assert [row[1] for row in orders if row[0] == "VERSIONS"] == ["paid"]
    assert known["CANCELLED"][2] is not None
    assert known["CANCELLED_LATER"][1:] == (None, None)


def test_a_line_comes_and_goes_with_its_order(landed: duckdb.DuckDBPyConnection) -> None:
    lines = landed.sql("select order_item_id from landing.raw_order_items order by 1").fetchall()
    assert lines == [("L1",), ("L3",)]


def test_a_broken_row_keeps_its_place_and_says_why(landed: duckdb.DuckDBPyConnection) -> None:
    found = faults(landed)
    assert found["NO_TIME"] == "ordered_at is not a timestamp"
    assert found["NO_AMOUNT"] == "gross_amount is not a decimal"
    assert found["NEGATIVE"] == "gross_amount is negative"
    assert found["OLD"] == "ordered_at is before 1900"
    assert found[None] == "order_id is missing"
    assert found["ON_TIME"] is None


def test_an_event_may_be_a_day_ahead_of_its_load(landed: duckdb.DuckDBPyConnection) -> None:
    found = faults(landed)
    assert found["FUTURE"] == "ordered_at is after the row was loaded"
    assert found["NEARLY_FUTURE"] is None


def test_blanks_are_trimmed_and_own_columns_kept(landed: duckdb.DuckDBPyConnection) -> None:
    row = landed.sql("select status, x_store from landing.raw_orders where order_id = 'BLANKS'")
    assert row.fetchall() == [(None, "North")]


def test_what_came_is_kept_beside_what_it_means(landed: duckdb.DuckDBPyConnection) -> None:
    rows = landed.sql(
        "select given__gross_amount, gross_amount from landing.raw_orders "
        "where order_id = 'NO_AMOUNT'"
    )
    assert rows.fetchall() == [("ten", None)]


def test_words_are_compared_whatever_their_case(landed: duckdb.DuckDBPyConnection) -> None:
    (order,) = landed.sql(
        "select status, given__status from landing.raw_orders where order_id = 'SHOUTED'"
    ).fetchall()
    assert order == ("shipped", "SHIPPED")
    keys = landed.sql("select distinct _row_key from landing.raw_exchange_rates").fetchall()
    assert keys == [("2025-01-09|USD",)]


def test_tabs_and_line_ends_are_no_part_of_a_value(landed: duckdb.DuckDBPyConnection) -> None:
    assert faults(landed)["TABBED"] is None


def test_an_assignment_needs_somebody(landed: duckdb.DuckDBPyConnection) -> None:
    found = landed.sql(
        "select anonymous_id, _contract_fault from landing.raw_experiment_assignments"
    ).fetchall()
    assert dict(found) == {
        None: "one of customer_id, anonymous_id must be given",
        "D1": None,
    }


MEGABYTES = "x" * 10_000_000
# (order_id, what came, fault) of one column each; the fault None says that the value is kept.
EXTREMES: list[tuple[str, dict[str, str], str | None]] = [
    ("FIRST_YEAR", {"ordered_at": "0001-01-01T00:00:00+14:00"}, "ordered_at is before 1900"),
    ("LAST_YEAR", {"ordered_at": "9999-12-31 23:59:59-14:00"}, "ordered_at is after 2199"),
    ("YEAR_ZERO", {"ordered_at": "0000-01-01 00:00:00"}, "ordered_at is not a timestamp"),
    ("LATE_UPDATE", {"updated_at": "9999-12-31 23:59:59"}, "updated_at is after 2199"),
    ("LOADED_LATE", {"_loaded_at": "9999-12-31 23:59:59-14:00"}, None),
    ("TOO_LARGE", {"gross_amount": "1000000000000"}, "gross_amount is too large"),
    ("LARGEST", {"gross_amount": "999999999999.9999"}, None),
    ("NEGATIVE_TAX", {"tax_amount": "-1000000000000"}, "tax_amount is too large"),
    ("NO_DECIMAL", {"gross_amount": "99999999999999999999999"}, "gross_amount is not a decimal"),
    ("NUL\x00INSIDE", {"status": "pa\x00id", "gross_amount": "\x000"},
     "gross_amount is not a decimal"),
    ("HUGE_WORD", {"status": MEGABYTES}, None),
    ("HUGE_NUMBER", {"gross_amount": "9" * 10_000_000}, "gross_amount is not a decimal"),
    ("HUGE_TIME", {"ordered_at": MEGABYTES}, "ordered_at is not a timestamp"),
    ("FORMULA", {"status": "=cmd|' /C calc'!A0", "ordered_at": "'; drop table x; --"},
     "ordered_at is not a timestamp"),
    ("PERSON", {"gross_amount": "Ada Lovelace", "ordered_at": "of London"},
     "ordered_at is not a timestamp"),
    ("CONTROLS", {"status": "".join(map(chr, range(32))) + '"\\\x7fé🙂', "ordered_at": "?"},
     "ordered_at is not a timestamp"),
]  # fmt: skip


@pytest.fixture(scope="module")
def extreme_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Orders that no source should send, landed, staged and quarantined."""
    database = tmp_path_factory.mktemp("extremes") / "company.duckdb"
    plain = {
        "ordered_at": "2025-01-09 12:00:00",
        "status": "paid",
        "gross_amount": "10",
        "tax_amount": None,
        "updated_at": None,
        "_loaded_at": "2025-01-10 12:00:00",
    }
    rows = [{"order_id": name, **plain, **given} for name, given, _ in EXTREMES]
    with duckdb.connect(str(database)) as con:
        write_raw(con, {"orders": rows, "customers": [{"customer_id": "C1"}]})
    run_dbt(
        "run --select +quarantined_rows +stg_orders",
        database,
        variables={"use_sample": False},
        environment={"DBT_LOG_LEVEL_FILE": "debug"},
    )
    return database


@pytest.fixture(scope="module")
def extremes(extreme_database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to them."""
    with duckdb.connect(str(extreme_database)) as con:
        yield con


def test_no_value_stops_a_build(extremes: duckdb.DuckDBPyConnection) -> None:
    found = extremes.sql("select order_id, _fault from staging.base_orders").fetchall()
    assert dict(found) == {name: fault for name, _, fault in EXTREMES}
    staged = extremes.sql("select order_id from staging.stg_orders").fetchall()
    assert {row[0] for row in staged} == {name for name, _, fault in EXTREMES if fault is None}


def test_a_quarantined_row_is_json_whatever_it_holds(extremes: duckdb.DuckDBPyConnection) -> None:
    rows = extremes.sql("select row_key, raw_row from marts.quarantined_rows").fetchall()
    read = {key: json.loads(raw_row) for key, raw_row in rows}
    given = {name: given for name, given, fault in EXTREMES if fault}
    assert read.keys() == given.keys()
    for name, values in given.items():
        for column, value in values.items():
            if column != "_loaded_at":
                assert read[name][column] == value, (name, column)


def test_no_value_is_written_to_a_log(extreme_database: Path) -> None:
    folder = extreme_database.parent
    written = [file for file in folder.rglob("*") if file.is_file() and file != extreme_database]
    assert {"dbt.log", "run_results.json"} <= {file.name for file in written}
    assert [file.name for file in written if b"Lovelace" in file.read_bytes()] == []


def test_a_time_at_the_end_of_its_type_is_no_error(tmp_path: Path) -> None:
    """A typed column can hold times that no text of ours says; adding a day to them overflows."""
    database = tmp_path / "company.duckdb"
    ends = ["294247-01-10 04:00:54", "290309-12-22 (BC) 00:00:00", "infinity", "-infinity"]
    with duckdb.connect(str(database)) as con:
        con.execute("create schema raw")
        con.execute(
            "create table raw.orders (order_id text, ordered_at timestamp, _loaded_at timestamp)"
        )
        for number, end in enumerate(ends):
            con.execute("insert into raw.orders values (?, ?, ?)", [f"ORDERED{number}", end, end])
            con.execute(
                "insert into raw.orders values (?, '2025-01-09', ?)", [f"LOADED{number}", end]
            )
    run_dbt("run --select raw_orders", database, variables={"use_sample": False})
    with duckdb.connect(str(database)) as con:
        found = con.sql("select order_id, _contract_fault from landing.raw_orders").fetchall()
    late, early = "ordered_at is after 2199", "ordered_at is before 1900"
    too_soon = "ordered_at is after the row was loaded"
    assert dict(found) == {
        **{"ORDERED0": late, "ORDERED1": early, "ORDERED2": late, "ORDERED3": early},
        **{"LOADED0": None, "LOADED1": too_soon, "LOADED2": None, "LOADED3": too_soon},
    }


def test_freshness_is_asked_of_what_is_there(tmp_path: Path) -> None:
    """Orders are old, and their time is text; customers say nothing; refunds are not there."""
    database = tmp_path / "company.duckdb"
    with duckdb.connect(str(database)) as con:
        loaded_at = ["2020-01-01 12:00:00", "2020-01-02T01:00:00+02:00", "no time", None]
        orders = [{"order_id": "O1", "_loaded_at": at} for at in loaded_at]
        write_raw(con, {"orders": orders, "customers": [{"customer_id": "C1"}]})
    run_dbt("source freshness", database, variables={"use_sample": False}, check=False)
    file = database.with_suffix(".target") / "sources.json"
    found = {
        result["unique_id"].split(".")[-1]: (result["status"], result["max_loaded_at"])
        for result in json.loads(file.read_text())["results"]
    }
    status, newest = found.pop("orders")
    assert status == "error"
    assert newest.startswith("2020-01-01T23:00:00")
    assert {name: status for name, (status, _) in found.items()} == dict.fromkeys(found, "pass")
    assert {"customers", "refunds"} <= found.keys()
