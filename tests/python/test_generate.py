"""The sample company: same rows for the same arguments, sound rows, and effects as stated."""

import csv
import filecmp
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from lifecycle.contract import read_contract
from lifecycle.errors import UserError
from lifecycle.generate import generate, sample
from lifecycle.generator import dirty, schema
from lifecycle.generator.company import build_company
from lifecycle.generator.tables import block_tables

PROJECT = Path(__file__).resolve().parents[2]
SAMPLE = PROJECT / "seeds" / "sample"
RULES = PROJECT / "seeds" / "rules"
START = date(2023, 1, 1)
Row = dict[str, str]


def read(file: Path) -> list[Row]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Row]]:
    """800 customers over 500 days, clean, as text."""
    out = tmp_path_factory.mktemp("small")
    generate(800, 500, 3, out)
    return {file.stem: read(file) for file in out.glob("*.csv")}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """A view per table of 24,000 customers over three years."""
    out = tmp_path_factory.mktemp("large")
    generate(24_000, 1095, 5, out, "parquet")
    con = duckdb.connect()
    con.execute("set threads = 2")
    for file in out.glob("*.parquet"):
        con.execute(f"create view {file.stem} as select * from read_parquet('{file}')")
    return con


@pytest.fixture(scope="module")
def seeds() -> dict[str, list[Row]]:
    """The committed sample company."""
    return {f.stem.removeprefix("sample_"): read(f) for f in SAMPLE.glob("sample_*.csv")}


# --- the same rows ---------------------------------------------------------------------------


def test_same_arguments_give_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        generate(120, 200, 9, tmp_path / name, dirty=True)
    generate(120, 200, 10, tmp_path / "other", dirty=True)
    names = [file.name for file in (tmp_path / "one").iterdir()]
    assert len(names) == len(schema.SCHEMAS)
    same, _, _ = filecmp.cmpfiles(tmp_path / "one", tmp_path / "two", names, shallow=False)
    assert sorted(same) == sorted(names)
    same, _, _ = filecmp.cmpfiles(tmp_path / "one", tmp_path / "other", names, shallow=False)
    assert "orders.csv" not in same
    assert "interactions.csv" not in same


def test_a_block_is_the_same_alone_in_any_order_and_in_a_larger_company(tmp_path: Path) -> None:
    """Two blocks written in one go = the second simulated first, by itself, elsewhere."""
    generate(20_040, 60, 4, tmp_path, "parquet")
    larger = build_company(30_000, 60, 4, START)
    exact = build_company(20_040, 60, 4, START)
    blocks = [
        block_tables(company, number, number * 10_000, count)[0]
        for company, number, count in ((exact, 2, 40), (larger, 1, 10_000), (larger, 0, 10_000))
    ]
    for table in ("orders", "order_items", "interactions", "customers", "truth_customers"):
        written = pq.read_table(tmp_path / f"{table}.parquet")
        parts = [block[table].cast(written.schema) for block in reversed(blocks)]
        assert written.num_rows == sum(part.num_rows for part in parts)
        begin = 0
        for part in parts:
            assert written.slice(begin, part.num_rows).equals(part), table
            begin += part.num_rows


def test_csv_and_parquet_hold_the_same_rows(tmp_path: Path) -> None:
    counts = generate(150, 250, 2, tmp_path / "text")
    assert generate(150, 250, 2, tmp_path / "typed", "parquet") == counts
    for table, kinds in schema.SCHEMAS.items():
        typed = pq.read_table(tmp_path / "typed" / f"{table}.parquet")
        assert typed.schema.types == kinds.types, table
        texts = [schema.as_text(column) for column in typed.columns]
        expected = [["" if v is None else v for v in row] for row in zip(*texts, strict=True)]
        rows = read(tmp_path / "text" / f"{table}.csv")
        assert [list(row.values()) for row in rows] == expected, table
        assert len(rows) == counts[table]


def test_committed_sample_is_what_the_generator_gives(tmp_path: Path) -> None:
    sample(tmp_path)
    for file in sorted(tmp_path.iterdir()):
        assert filecmp.cmp(file, SAMPLE / file.name, shallow=False), file.name
    extra = {file.name for file in SAMPLE.glob("*.csv")} - {
        file.name for file in tmp_path.iterdir()
    }
    assert extra == {"sample_fitted_parameters.csv"}


# --- sound rows ------------------------------------------------------------------------------


def test_tables_have_the_columns_of_the_contract() -> None:
    contract = read_contract(PROJECT)
    assert set(schema.RAW_SCHEMAS) == {name for name in contract if name != "fitted_parameters"}
    for table, kinds in schema.RAW_SCHEMAS.items():
        assert set(kinds.names) - {"_loaded_at"} == set(contract[table].columns), table


def test_keys_are_unique_per_version(small: dict[str, list[Row]]) -> None:
    keys = {
        "customers": "customer_id updated_at",
        "accounts": "account_id",
        "products": "product_id",
        "orders": "order_id updated_at status",
        "order_items": "order_item_id",
        "refunds": "refund_id",
        "interactions": "interaction_id",
        "feedback": "feedback_id",
        "tickets": "ticket_id",
        "campaigns": "campaign_id",
        "identity_links": "link_id",
        "exchange_rates": "rate_on currency",
        "truth_customers": "unit_id",
        "truth_orders": "order_id",
    }
    for table, names in keys.items():
        found = Counter(tuple(row[name] for name in names.split()) for row in small[table])
        assert small[table], table
        assert max(found.values()) == 1, (table, found.most_common(1))


def test_references_lead_somewhere(small: dict[str, list[Row]]) -> None:
    parents = {
        "customer_id": {row["customer_id"] for row in small["customers"]},
        "account_id": {row["account_id"] for row in small["accounts"]},
        "order_id": {row["order_id"] for row in small["orders"]},
        "order_item_id": {row["order_item_id"] for row in small["order_items"]},
        "product_id": {row["product_id"] for row in small["products"]},
        "ticket_id": {row["ticket_id"] for row in small["tickets"]},
        "campaign_id": {row["campaign_id"] for row in small["campaigns"]},
        "experiment_id": {row["experiment_id"] for row in small["experiments"]},
    }
    aliases = {
        "referrer_customer_id": "customer_id",
        "parent_account_id": "account_id",
        "target_id": "customer_id",
    }
    checked = set()
    for table in schema.RAW_SCHEMAS:
        for row in small[table]:
            for column, value in row.items():
                parent = aliases.get(column, column)
                if value and parent in parents:
                    assert value in parents[parent], (table, column, value)
                    checked.add((table, column))
    assert ("orders", "campaign_id") in checked
    assert ("interactions", "ticket_id") in checked
    assert ("identity_links", "target_id") in checked
    assert ("refunds", "order_item_id") in checked


def test_amounts_add_up(small: dict[str, list[Row]]) -> None:
    lines: dict[str, float] = defaultdict(float)
    reduced: dict[str, float] = defaultdict(float)
    for row in small["order_items"]:
        price = row["line_amount"] or float(row["unit_price"]) * int(row["quantity"])
        lines[row["order_id"]] += float(price)
        reduced[row["order_id"]] += float(row["discount_amount"])
    net = {}
    for row in small["orders"]:
        gross, key = float(row["gross_amount"]), row["order_id"]
        if key in lines:
            assert lines[key] == pytest.approx(gross), row
        net[key] = gross - float(row["discount_amount"]) - reduced[key]
        assert net[key] > 0, row
    back: dict[str, float] = defaultdict(float)
    for row in small["refunds"]:
        assert float(row["amount"]) > 0, row
        back[row["order_id"]] += float(row["amount"])
    for key, amount in back.items():
        assert amount <= net[key] + 0.005, key


def test_times_lie_in_the_period_and_before_the_load(small: dict[str, list[Row]]) -> None:
    begin = datetime(2022, 12, 31, 23)  # midnight in Berlin
    end = begin + timedelta(days=500) - timedelta(hours=1)  # summer time
    planned = {"campaigns", "experiments"}
    for table in set(schema.RAW_SCHEMAS) - planned:
        for row in small[table]:
            loaded = moment(row["_loaded_at"])
            for column, value in row.items():
                if value and column.endswith("_at") and column != "_loaded_at":
                    assert begin <= moment(value) < end, (table, row)
                    assert moment(value) <= loaded, (table, row)


def test_there_is_a_rate_for_every_currency_and_day(small: dict[str, list[Row]]) -> None:
    used = {row["currency"] for row in small["orders"]}
    assert {"EUR", "USD", "GBP", "CHF", "PLN"} == used
    days = {(START + timedelta(days=n)).isoformat() for n in range(-1, 501)}
    for currency in used - {"EUR"}:
        found = {row["rate_on"] for row in small["exchange_rates"] if row["currency"] == currency}
        assert found == days


def test_clean_words_are_mapped_by_the_rule_seeds(small: dict[str, list[Row]]) -> None:
    domains = [
        ("orders", "status", "order_statuses", "status"),
        ("orders", "sales_channel", "channels", "channel"),
        ("interactions", "channel", "channels", "channel"),
        ("tickets", "channel", "channels", "channel"),
        ("marketing_spend", "channel", "channels", "channel"),
        ("customers", "acquisition_channel", "channels", "channel"),
        ("interactions", "interaction_type", "interaction_types", "interaction_type"),
        ("refunds", "reason", "reasons", "reason"),
        ("tickets", "topic", "reasons", "reason"),
        ("feedback", "survey_type", "survey_types", "survey_type"),
    ]
    for table, column, seed, key in domains:
        known = {row[key] for row in read(RULES / f"{seed}.csv")}
        used = {row[column] for row in small[table]} - {""}
        assert used, (table, column)
        assert used <= known, (table, column, used - known)


def test_consideration_signals_are_inbound() -> None:
    for row in read(RULES / "interaction_types.csv"):
        assert row["direction"] in {"inbound", "outbound"}
        assert row["signal"] in {"none", "interest", "intent", "advocacy", "dissatisfaction"}
        if row["signal"] != "none":
            assert row["direction"] == "inbound", row


def test_before_the_login_only_the_device_is_seen(small: dict[str, list[Row]]) -> None:
    login = {
        (row["source_id"], row["target_id"]): moment(row["linked_at"])
        for row in small["identity_links"]
        if row["link_type"] == "login"
    }
    own = {
        target: (source, at) for (source, target), at in login.items() if source[2:] == target[1:]
    }
    early, late = 0, 0
    for row in small["interactions"]:
        source, at = own.get(row["customer_id"], ("", None))
        if at and row["anonymous_id"] == source:
            assert moment(row["occurred_at"]) >= at, row
            late += 1
        if not row["customer_id"]:
            assert row["anonymous_id"], row
            early += 1
    assert early > 200
    assert late > 200


# --- the model -------------------------------------------------------------------------------


def test_sizes_per_customer(large: duckdb.DuckDBPyConnection) -> None:
    """About 10 orders, 20 lines and 50 interactions per customer and three years."""
    for table, low, high in (
        ("truth_orders", 8, 12),
        ("order_items", 16, 25),
        ("interactions", 40, 60),
    ):
        rows = large.execute(f"select count(*) / 24000 from {table}").fetchone()[0]
        assert low < rows < high, table
    share = large.execute(
        "select avg((customer_type = 'b2b')::int) from (select distinct customer_id, customer_type"
        " from customers)"
    ).fetchone()[0]
    assert share == pytest.approx(5 / 40)
    size = large.execute(
        "select count(distinct customer_id) / count(distinct account_id) from customers"
        " where customer_type = 'b2b'"
    ).fetchone()[0]
    assert 1.5 < size < 3.5


def test_weekdays_and_seasons(large: duckdb.DuckDBPyConnection) -> None:
    shares = dict(
        large.execute(
            "select customer_type, avg((isodow(ordered_at) >= 6)::int) from orders"
            " join customers using (customer_id) where status <> 'cancelled' group by 1"
        ).fetchall()
    )
    assert 0.25 < shares["b2c"] < 0.40
    assert shares["b2b"] < 0.03
    november, july = large.execute(
        "select count(*) filter (month(ordered_at) = 11), count(*) filter (month(ordered_at) = 7)"
        " from orders where year(ordered_at) = 2025 and month(ordered_at) in (7, 11)"
    ).fetchone()
    assert november > 1.3 * july


def test_known_lift_is_recovered(large: duckdb.DuckDBPyConnection) -> None:
    """Orders within 14 days, arm against control: difference = added probability x exposed.

    The added order matters only for those who would not have ordered anyway.
    """
    rows = large.execute(
        """
        with units as (
            select a.experiment_id, a.variant, a.assigned_at, x.factor, x.control_variant,
                coalesce(a.customer_id, 'C' || right(a.anonymous_id, 7)) as customer_id
            from experiment_assignments as a join experiments as x using (experiment_id)
        ),
        answers as (
            select u.experiment_id, u.variant, u.factor, u.variant = u.control_variant as control,
                exists (
                    select 1 from orders as o
                    where o.customer_id = u.customer_id and o.ordered_at >= u.assigned_at
                        and o.ordered_at < u.assigned_at + interval 14 days
                ) as converted
            from units as u
        )
        select factor, variant, control, count(*), avg(converted::int)
        from answers group by all
        """
    ).fetchall()
    truth = dict(
        large.execute(
            "select variant, any_value(true_added_order_probability)"
            " from truth_experiments group by 1"
        ).fetchall()
    )
    assert truth["offer_20"] == 0.12
    control_of = {"offer_20": "holdout", "friendly": "plain", "urgent": "plain"}
    control_of |= {"one_page": "current", "a_again": "a"}
    found = {variant: (size, rate) for _, variant, _, size, rate in rows}
    for variant, control in control_of.items():
        (n_1, p_1), (n_0, p_0) = found[variant], found[control]
        assert min(n_1, n_0) > 800
        expected = truth[variant] * 0.95 * (1 - p_0)
        error = (p_1 * (1 - p_1) / n_1 + p_0 * (1 - p_0) / n_0) ** 0.5
        assert abs(p_1 - p_0 - expected) < 4 * error, (variant, p_1 - p_0, expected, error)
    assert found["offer_20"][1] > found["holdout"][1] + 0.05


def test_campaign_effect_is_recovered(large: duckdb.DuckDBPyConnection) -> None:
    """Share of e-mailed customers with an order that names the campaign = the stated effect."""
    rows = large.execute(
        """
        select c.campaign_id, t.true_effect, count(distinct i.customer_id),
            count(distinct o.customer_id)
        from campaigns as c
        join truth_campaigns as t using (campaign_id)
        join interactions as i
            on c.campaign_id = i.campaign_id and i.interaction_type = 'email_sent'
        left join orders as o
            on i.customer_id = o.customer_id and c.campaign_id = o.campaign_id
        group by all
        """
    ).fetchall()
    assert len(rows) > 20
    sent = sum(row[2] for row in rows)
    expected = sum(row[1] * row[2] for row in rows)
    assert sum(row[3] for row in rows) == pytest.approx(expected, abs=4 * expected**0.5)
    assert expected / sent > 0.01


def test_dropout_is_as_stated(large: duckdb.DuckDBPyConnection) -> None:
    """Per unit: organic orders of the first life x dropout probability = dropouts, on average."""
    stated, happened = large.execute(
        """
        with first_life as (
            select t.unit_id, t.dropout_probability, count(distinct o.order_id) as orders,
                any_value(t.dropped_out_at is not null) as dropped
            from truth_customers as t
            join truth_orders as x using (unit_id)
            join orders as o using (order_id)
            where x.origin = 'organic' and o.ordered_at <= coalesce(t.dropped_out_at, '2099-01-01')
            group by all
        )
        select sum(dropout_probability * orders), sum(dropped::int) from first_life
        """
    ).fetchone()
    assert happened > 5000
    assert float(happened) == pytest.approx(float(stated), abs=4 * happened**0.5)


def test_disappointment_leads_to_churn(large: duckdb.DuckDBPyConnection) -> None:
    reasons = dict(
        large.execute(
            "select churn_reason in ('quality', 'function', 'price'), count(*)"
            " from truth_customers where dropped_out_at is not null group by 1"
        ).fetchall()
    )
    assert reasons[True] / (reasons[True] + reasons[False]) == pytest.approx(0.45, abs=0.03)


# --- dirty rows ------------------------------------------------------------------------------

ODD = re.compile("[\U0001f300-\U0001faff]")


def _has(table: str, test: Callable[[Row], bool]) -> Callable[[dict[str, list[Row]]], bool]:
    return lambda rows: any(test(row) for row in rows[table])


def _copied(table: str) -> Callable[[dict[str, list[Row]]], bool]:
    return lambda rows: max(Counter(tuple(row.values()) for row in rows[table]).values()) > 1


def _corrected(table: str, key: str, column: str) -> Callable[[dict[str, list[Row]]], bool]:
    def check(rows: dict[str, list[Row]]) -> bool:
        latest: dict[str, Row] = {}
        for row in rows[table]:
            before = latest.get(row[key])
            if (
                before
                and row["updated_at"] > before["updated_at"]
                and row[column] != before[column]
            ):
                return True
            latest[row[key]] = row
        return False

    return check


def _sent_again(rows: dict[str, list[Row]]) -> bool:
    found = defaultdict(set)
    for row in rows["orders"]:
        content = tuple(value for name, value in row.items() if name != "_loaded_at")
        found[content].add(row["_loaded_at"])
    return any(len(loads) > 1 for loads in found.values())


def _merges(rows: dict[str, list[Row]]) -> dict[str, str]:
    return {
        r["source_id"]: r["target_id"] for r in rows["identity_links"] if r["link_type"] == "merge"
    }


def _chain(rows: dict[str, list[Row]]) -> bool:
    merges = _merges(rows)
    third = merges.get(merges.get(merges.get("CX00003", ""), ""), "")
    return third == "CX00006"


def _cycle(rows: dict[str, list[Row]]) -> bool:
    merges = _merges(rows)
    return any(merges.get(target) == source for source, target in merges.items())


def _shared(rows: dict[str, list[Row]]) -> bool:
    people = defaultdict(set)
    for row in rows["identity_links"]:
        if row["link_type"] == "login":
            people[row["source_id"]].add(row["target_id"])
    return max(len(found) for found in people.values()) > 3


def _late_login(rows: dict[str, list[Row]]) -> bool:
    first = {}
    for row in rows["interactions"]:
        if row["anonymous_id"] and not row["customer_id"]:
            first.setdefault(row["anonymous_id"], row["occurred_at"])
    return any(first.get(r["source_id"], "9") < r["linked_at"] for r in rows["identity_links"])


def _unknown(
    table: str, column: str, parent: str, key: str
) -> Callable[[dict[str, list[Row]]], bool]:
    def check(rows: dict[str, list[Row]]) -> bool:
        known = {row[key] for row in rows[parent]}
        return any(row[column] and row[column] not in known for row in rows[table])

    return check


def _refunded_in_full(rows: dict[str, list[Row]]) -> bool:
    orders = [row for row in rows["orders"] if row["customer_id"] == "CX00008"]
    back = {row["order_id"]: row["amount"] for row in rows["refunds"]}
    return len(orders) == 1 and back.get(orders[0]["order_id"]) == orders[0]["gross_amount"]


def _not_a_number(text: str) -> bool:
    return bool(text) and not re.fullmatch(r"-?\d+(\.\d+)?", text)


def _not_a_time(text: str) -> bool:
    return bool(text) and not re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", text)


PRESENT: dict[str, Callable[[dict[str, list[Row]]], bool]] = {
    "order_missing_key": _has("orders", lambda r: not r["order_id"]),
    "order_bad_time": _has("orders", lambda r: _not_a_time(r["ordered_at"])),
    "order_bad_amount": _has("orders", lambda r: _not_a_number(r["gross_amount"])),
    "order_year_1899": _has("orders", lambda r: r["ordered_at"].startswith("1899")),
    "order_far_future": _has("orders", lambda r: r["ordered_at"] > r["_loaded_at"][:4] + "-99"),
    "order_duplicate": _copied("orders"),
    "order_sent_again": _sent_again,
    "order_corrected": _corrected("orders", "order_id", "shipping_amount"),
    "order_unknown_customer": _unknown("orders", "customer_id", "customers", "customer_id"),
    "order_unknown_status": _has("orders", lambda r: r["status"] == "teleported"),
    "order_unknown_channel": _has("orders", lambda r: r["sales_channel"] == "carrier_pigeon"),
    "order_without_rate": _has("orders", lambda r: r["currency"] == "XTS"),
    "order_guest": _has("orders", lambda r: not r["customer_id"]),
    "order_test": _has("orders", lambda r: r["status"] == "test"),
    "order_cancelled": _has("orders", lambda r: r["status"] == "cancelled" and r["cancelled_at"]),
    "order_zero": _has("orders", lambda r: r["gross_amount"] == r["discount_amount"]),
    "order_first_refunded": _refunded_in_full,
    "item_missing_key": _has("order_items", lambda r: not r["order_item_id"]),
    "item_negative_quantity": _has("order_items", lambda r: r["quantity"].startswith("-")),
    "item_bad_quantity": _has("order_items", lambda r: _not_a_number(r["quantity"])),
    "item_orphan": _unknown("order_items", "order_id", "orders", "order_id"),
    "item_unknown_product": _unknown("order_items", "product_id", "products", "product_id"),
    "item_duplicate": _copied("order_items"),
    "customer_missing_key": _has("customers", lambda r: not r["customer_id"]),
    "customer_bad_time": _has("customers", lambda r: _not_a_time(r["registered_at"])),
    "customer_duplicate": _copied("customers"),
    "customer_corrected": _corrected("customers", "customer_id", "email"),
    "customer_odd_text": _has(
        "customers", lambda r: ODD.search(r["region"]) and '"' in r["region"]
    ),
    "interaction_missing_key": _has("interactions", lambda r: not r["interaction_id"]),
    "interaction_bad_time": _has("interactions", lambda r: _not_a_time(r["occurred_at"])),
    "interaction_far_future": _has("interactions", lambda r: r["occurred_at"].startswith("2099")),
    "interaction_duplicate": _copied("interactions"),
    "interaction_unknown_type": _has(
        "interactions", lambda r: r["interaction_type"] == "hologram_view"
    ),
    "interaction_unknown_channel": _has("interactions", lambda r: r["channel"] == "fax"),
    "interaction_without_person": _has(
        "interactions", lambda r: not r["customer_id"] and not r["anonymous_id"]
    ),
    "interaction_odd_text": _has("interactions", lambda r: ODD.search(r["properties"])),
    "feedback_bad_score": _has("feedback", lambda r: _not_a_number(r["score"])),
    "feedback_unknown_survey": _has("feedback", lambda r: r["survey_type"] == "smiley"),
    "feedback_odd_text": _has(
        "feedback", lambda r: "\n" in r["comment"] and "مرحبا" in r["comment"]
    ),
    "ticket_missing_key": _has("tickets", lambda r: not r["ticket_id"]),
    "ticket_bad_flag": _has("tickets", lambda r: r["is_complaint"] not in {"true", "false", ""}),
    "refund_orphan": _unknown("refunds", "order_id", "orders", "order_id"),
    "refund_bad_amount": _has("refunds", lambda r: _not_a_number(r["amount"])),
    "refund_unknown_reason": _has("refunds", lambda r: r["reason"] == "bad_karma"),
    "refund_of_first_order": _refunded_in_full,
    "product_missing_key": _has("products", lambda r: not r["product_id"]),
    "product_odd_text": _has("products", lambda r: '"' in r["product_name"]),
    "account_odd_text": _has("accounts", lambda r: '"' in r["account_name"]),
    "spend_bad_date": _has("marketing_spend", lambda r: r["spend_on"].endswith("02-30")),
    "consent_bad_flag": _has("consents", lambda r: r["is_granted"] not in {"true", "false", ""}),
    "rate_bad_number": _has("exchange_rates", lambda r: _not_a_number(r["rate_to_reporting"])),
    "link_missing_source": _has("identity_links", lambda r: not r["source_id"]),
    "merge_cycle": _cycle,
    "merge_chain": _chain,
    "shared_device": _shared,
    "late_login": _late_login,
    "erasure_request": _has("erasure_requests", lambda r: bool(r["customer_id"])),
}


def test_every_kind_of_dirty_row_has_a_check_and_a_line_in_the_manual() -> None:
    assert set(PRESENT) == set(dirty.KINDS)
    manual = (PROJECT / "docs" / "generator.md").read_text("utf-8")
    missing = [kind for kind in dirty.KINDS if f"`{kind}`" not in manual]
    assert not missing


@pytest.mark.parametrize("kind", dirty.KINDS)
def test_sample_has_dirty_rows_of_each_kind(seeds: dict[str, list[Row]], kind: str) -> None:
    assert PRESENT[kind](seeds)


def test_clean_company_has_no_faults(small: dict[str, list[Row]]) -> None:
    stories = ("guest", "cancelled", "late_login", "shared_device", "erasure_request")
    right = {kind for kind in PRESENT if kind.removeprefix("order_") in stories}
    found = {kind for kind, check in PRESENT.items() if kind not in right and check(small)}
    assert not found


# --- the sample ------------------------------------------------------------------------------


def test_sample_is_small(seeds: dict[str, list[Row]]) -> None:
    assert sum(file.stat().st_size for file in SAMPLE.glob("*.csv")) < 1_200_000
    assert len(seeds["interactions"]) < 6000
    assert 8 <= len(seeds["accounts"]) <= 20


def test_sample_lives_through_every_stage(seeds: dict[str, list[Row]]) -> None:
    """Rough signs of each stage in one person's clean rows (thresholds 30, 90, 180, 120 days)."""
    end = datetime(2024, 12, 30, 23)
    orders = defaultdict(set)
    gone = {
        row["order_id"] for row in seeds["orders"] if row["status"] in {"cancelled", "refunded"}
    }
    for row in seeds["orders"]:
        if row["customer_id"] and "X" not in row["order_id"] and row["order_id"] not in gone:
            orders[row["customer_id"]].add(moment(row["ordered_at"]))
    history = {customer: sorted(times) for customer, times in orders.items()}
    signal = {r["interaction_type"]: r["signal"] for r in read(RULES / "interaction_types.csv")}
    touches = defaultdict(list)
    for row in seeds["interactions"]:
        if row["customer_id"] and "X" not in row["interaction_id"] and row["interaction_id"]:
            touches[row["customer_id"]].append(
                (moment(row["occurred_at"]), row["interaction_type"])
            )
    day = timedelta(days=1)
    found = set()
    for times in history.values():
        gaps = [b - a for a, b in pairwise(times)]
        found |= {"purchase"}
        found |= {"use"} if [*gaps, end - times[0]][0] > 31 * day else set()
        found |= {"retention"} if len(times) == 2 else set()
        found |= (
            {"loyalty"}
            if any(b - a < 365 * day for a, b in zip(times, times[3:], strict=False))
            else set()
        )
        found |= {"decline"} if any(90 * day < gap < 180 * day for gap in gaps) else set()
        found |= {"churn"} if end - times[-1] > 180 * day else set()
        found |= {"winback"} if any(gap > 180 * day for gap in gaps) else set()
    for customer, seen in touches.items():
        kinds = [signal[kind] for _, kind in seen]
        if customer not in history:
            found |= {"awareness"} if kinds[0] == "none" else set()
            found |= {"consideration"} if {"interest", "intent"} & set(kinds) else set()
            found |= {"lost_prospect"} if end - max(at for at, _ in seen) > 120 * day else set()
        elif len(history[customer]) > 1:
            praise = [at for at, kind in seen if signal[kind] == "advocacy"]
            found |= {"advocacy"} if praise and max(praise) > history[customer][1] else set()
    assert found == {
        "awareness", "consideration", "purchase", "use", "retention", "loyalty", "advocacy",
        "decline", "churn", "winback", "lost_prospect",
    }  # fmt: skip


# --- arguments -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"customers": 0}, "customers is 0"),
        ({"customers": 10_000_000}, "9999999"),
        ({"days": 0}, "days is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"fmt": "xlsx"}, "csv or parquet"),
        ({"fmt": "parquet", "dirty": True}, "Use format csv"),
    ],
)
def test_wrong_arguments_are_said_in_a_sentence(
    tmp_path: Path, change: dict[str, object], says: str
) -> None:
    arguments = {"customers": 10, "days": 10, "seed": 1, "out": tmp_path / "new"} | change
    with pytest.raises(UserError, match=says):
        generate(**arguments)
    assert not (tmp_path / "new").exists()


def test_a_folder_holds_one_format(tmp_path: Path) -> None:
    generate(5, 5, 1, tmp_path)
    with pytest.raises(UserError, match="already holds"):
        generate(5, 5, 1, tmp_path, "parquet")


@pytest.mark.parametrize(("customers", "days"), [(1, 1), (1, 400), (41, 3), (3, 2000)])
def test_tiny_companies_have_every_file(tmp_path: Path, customers: int, days: int) -> None:
    generate(customers, days, 0, tmp_path, dirty=True, start=date(2020, 2, 29))
    for table, kinds in schema.SCHEMAS.items():
        with (tmp_path / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
            assert next(csv.reader(lines)) == kinds.names
