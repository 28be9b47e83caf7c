"""The landing models on a few raw rows: what dbt unit tests cannot reach.

A landing model asks the database for the columns of its raw table, so it needs a table. One dbt
run lands four small tables at an `as_of`; each test reads its own story from them.
"""

from collections.abc import Iterator

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
    assert order == ("shipped", " SHIPPED ")
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
