"""Rows with faults on purpose, and stories that are odd but right.

New keys of these rows contain an X (`OX00001`), so that they are easy to find. Rows marked
"right" must survive: they are no faults.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from lifecycle.generator import schema
from lifecycle.generator.company import Company

Row = dict[str, str | None]
Rows = Iterator[tuple[str | None, str, Row]]
ODD_TEXT = 'Très "bon", naïve;\nsecond line 🎁🙂 — مرحبا بالعالم — 质量很好,谢谢'

KINDS: dict[str, tuple[str, str]] = {
    "order_missing_key": ("orders", "no order_id"),
    "order_bad_time": ("orders", "ordered_at is no time: 31.02.2023 25:61"),
    "order_bad_amount": ("orders", "gross_amount is no number: 12,50 EUR"),
    "order_year_1899": ("orders", "ordered_at in the year 1899, the zero of spreadsheets"),
    "order_far_future": ("orders", "ordered_at in 2099, long after the row was loaded"),
    "order_duplicate": ("orders", "an exact copy of a row"),
    "order_sent_again": ("orders", "the same row in a later load"),
    "order_corrected": ("orders", "right: same key, later updated_at, other shipping_amount"),
    "order_unknown_customer": ("orders", "right: the customer has no row (inferred)"),
    "order_unknown_status": ("orders", "right: status `teleported` is not mapped"),
    "order_unknown_channel": ("orders", "right: sales_channel `carrier_pigeon` is not mapped"),
    "order_without_rate": ("orders", "currency XTS has no exchange rate"),
    "order_guest": ("orders", "right: no customer_id"),
    "order_test": ("orders", "right: status `test`"),
    "order_cancelled": ("orders", "right: status `cancelled` with cancelled_at"),
    "order_zero": ("orders", "right: discounts take everything, gross minus discounts is 0"),
    "order_first_refunded": ("orders", "right: the only order of CX00008, refunded in full"),
    "item_missing_key": ("order_items", "no order_item_id"),
    "item_negative_quantity": ("order_items", "quantity -2"),
    "item_bad_quantity": ("order_items", "quantity `two`"),
    "item_orphan": ("order_items", "order OX99999 does not exist"),
    "item_unknown_product": ("order_items", "right: product PX0009 has no row (inferred)"),
    "item_duplicate": ("order_items", "an exact copy of a row"),
    "customer_missing_key": ("customers", "no customer_id"),
    "customer_bad_time": ("customers", "registered_at `soon`"),
    "customer_duplicate": ("customers", "an exact copy of a row"),
    "customer_corrected": ("customers", "right: same key, later updated_at, other e-mail"),
    "customer_odd_text": ("customers", "right: quotes, commas, emoji, Arabic and Chinese"),
    "interaction_missing_key": ("interactions", "no interaction_id"),
    "interaction_bad_time": ("interactions", "occurred_at `n/a`"),
    "interaction_far_future": ("interactions", "occurred_at in 2099"),
    "interaction_duplicate": ("interactions", "an exact copy of a row"),
    "interaction_unknown_type": ("interactions", "right: type `hologram_view` is not mapped"),
    "interaction_unknown_channel": ("interactions", "right: channel `fax` is not mapped"),
    "interaction_without_person": ("interactions", "right: neither customer nor anonymous id"),
    "interaction_odd_text": ("interactions", "right: properties with quotes, emoji and Chinese"),
    "feedback_bad_score": ("feedback", "score `five`"),
    "feedback_unknown_survey": ("feedback", "right: survey_type `smiley` is not mapped"),
    "feedback_odd_text": ("feedback", "right: comment with a line break, quotes and Arabic"),
    "ticket_missing_key": ("tickets", "no ticket_id"),
    "ticket_bad_flag": ("tickets", "is_complaint `perhaps`"),
    "refund_orphan": ("refunds", "order OX99999 does not exist"),
    "refund_bad_amount": ("refunds", "amount `all of it`"),
    "refund_unknown_reason": ("refunds", "right: reason `bad_karma` is not mapped"),
    "refund_of_first_order": ("refunds", "right: all of the only order of CX00008"),
    "product_missing_key": ("products", "no product_id"),
    "product_odd_text": ("products", "right: name with quotes, a comma and Chinese"),
    "account_odd_text": ("accounts", "right: name with quotes, a comma and an ampersand"),
    "spend_bad_date": ("marketing_spend", "spend_on 2023-02-30"),
    "consent_bad_flag": ("consents", "is_granted `maybe`"),
    "rate_bad_number": ("exchange_rates", "rate_to_reporting `#N/A`"),
    "link_missing_source": ("identity_links", "no source_id"),
    "merge_cycle": ("identity_links", "CX00001 into CX00002 and back"),
    "merge_chain": ("identity_links", "right: CX00003 into CX00004, CX00005, CX00006"),
    "shared_device": ("identity_links", "right: five customers log in on one device, AX00001"),
    "late_login": ("identity_links", "right: AX00002 browses, and logs in long after"),
    "erasure_request": ("erasure_requests", "right: CX00007 wants to be forgotten"),
}


def dirty_rows(company: Company, head: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """Text rows to append, per raw table.

    head: the first clean rows per table, from which copies and corrections are made.
    """
    found: dict[str, list[Row]] = {}
    for kind, table, row in _all(company, head):
        if kind is not None and KINDS[kind][0] != table:
            raise AssertionError(f"{kind} belongs to {KINDS[kind][0]}, not to {table}")
        found.setdefault(table, []).append(row)
    return {table: _text_table(table, rows) for table, rows in found.items()}


def _text_table(table: str, rows: list[Row]) -> pa.Table:
    names = schema.RAW_SCHEMAS[table].names
    for row in rows:
        if unknown := set(row) - set(names):
            raise AssertionError(f"{table}: no columns {unknown}")
    columns = [pa.array([row.get(name) for row in rows], schema.TEXT) for name in names]
    return pa.table(columns, names=names)


def _all(company: Company, head: dict[str, pa.Table]) -> list[tuple[str | None, str, Row]]:
    """(kind, table, row); a row that only completes a story has no kind."""
    clock = _Clock(company)
    return [
        *_customers(clock, head),
        *_orders(clock, head),
        *_items_and_refunds(clock, head),
        *_interactions(clock, head),
        *_service(clock),
        *_links(clock),
        *_the_rest(clock),
    ]


class _Clock:
    """Times as text: `at(0.5)` is the middle of the period, `loaded(0.5)` the night after."""

    def __init__(self, company: Company) -> None:
        self.begin = datetime.fromtimestamp(company.epoch, UTC)
        self.length = timedelta(seconds=company.end)

    def moment(self, share: float) -> datetime:
        return (self.begin + self.length * share).replace(microsecond=0)

    def at(self, share: float, **later: int) -> str:
        return f"{self.moment(share) + timedelta(**later):%Y-%m-%d %H:%M:%S}"

    def loaded(self, share: float, days: int = 1) -> str:
        return f"{self.moment(share) + timedelta(days=days):%Y-%m-%d 02:00:00}"


def _copies(head: dict[str, pa.Table], table: str) -> list[Row]:
    """Clean rows as text, one per key (the latest version)."""
    source = head.get(table)
    if source is None:
        return []
    texts = [schema.as_text(column) for column in source.columns]
    rows = [
        dict(zip(source.column_names, values, strict=True)) for values in zip(*texts, strict=True)
    ]
    return list({row[source.column_names[0]]: row for row in rows}.values())


def _order(clock: _Clock, number: int, share: float, **more: str | None) -> Row:
    row: Row = {
        "order_id": f"OX{number:05d}",
        "customer_id": "CX00009",
        "ordered_at": clock.at(share),
        "status": "paid",
        "sales_channel": "web",
        "payment_method": "card",
        "currency": "EUR",
        "gross_amount": "40.00",
        "discount_amount": "0.00",
        "shipping_amount": "4.95",
        "tax_amount": "7.60",
        "updated_at": clock.at(share),
        "_loaded_at": clock.loaded(share),
    }
    return row | more


def _customer(clock: _Clock, number: int, share: float, **more: str | None) -> Row:
    row: Row = {
        "customer_id": f"CX{number:05d}",
        "customer_type": "b2c",
        "email": f"cx{number:05d}@example.com",
        "country": "DE",
        "region": "Berlin",
        "registered_at": clock.at(share),
        "acquisition_channel": "direct",
        "updated_at": clock.at(share),
        "_loaded_at": clock.loaded(share),
    }
    return row | more


def _customers(clock: _Clock, head: dict[str, pa.Table]) -> Rows:
    known = _copies(head, "customers")
    for number in range(1, 10):
        yield None, "customers", _customer(clock, number, 0.1 + number / 100)
    yield "customer_missing_key", "customers", _customer(clock, 0, 0.2, customer_id=None)
    yield "customer_bad_time", "customers", _customer(clock, 10, 0.2, registered_at="soon")
    yield (
        "customer_odd_text",
        "customers",
        _customer(clock, 11, 0.2, region='"Old Town", 東京 🏯 القدس'),
    )
    if known:
        yield "customer_duplicate", "customers", known[0]
        later = {"updated_at": clock.at(1, hours=-2), "_loaded_at": clock.loaded(1)}
        yield (
            "customer_corrected",
            "customers",
            known[-1] | later | {"email": "corrected@example.com"},
        )


def _orders(clock: _Clock, head: dict[str, pa.Table]) -> Rows:
    known = _copies(head, "orders")
    single: list[tuple[str, Row]] = [
        ("order_missing_key", _order(clock, 0, 0.30, order_id=None)),
        ("order_bad_time", _order(clock, 1, 0.31, ordered_at="31.02.2023 25:61")),
        ("order_bad_amount", _order(clock, 2, 0.32, gross_amount="12,50 EUR")),
        ("order_year_1899", _order(clock, 3, 0.33, ordered_at="1899-12-30 00:00:00")),
        ("order_far_future", _order(clock, 4, 0.34, ordered_at="2099-12-31 12:00:00")),
        ("order_unknown_customer", _order(clock, 5, 0.35, customer_id="CX88888")),
        ("order_unknown_status", _order(clock, 6, 0.36, status="teleported")),
        ("order_unknown_channel", _order(clock, 7, 0.37, sales_channel="carrier_pigeon")),
        ("order_without_rate", _order(clock, 8, 0.38, currency="XTS")),
        ("order_guest", _order(clock, 9, 0.39, customer_id=None)),
        ("order_test", _order(clock, 10, 0.40, status="test")),
        (
            "order_cancelled",
            _order(clock, 11, 0.41, status="cancelled", cancelled_at=clock.at(0.41, hours=3)),
        ),
        ("order_zero", _order(clock, 12, 0.42, discount_amount="40.00", tax_amount="0.00")),
        ("order_first_refunded", _order(clock, 13, 0.43, customer_id="CX00008")),
    ]
    for kind, row in single:
        yield kind, "orders", row
    for number in range(1, 8):  # the people of the merges and of the erasure buy something
        yield None, "orders", _order(clock, 20 + number, 0.5, customer_id=f"CX{number:05d}")
    if known:
        yield "order_duplicate", "orders", known[0]
        yield "order_sent_again", "orders", known[len(known) // 2] | {"_loaded_at": clock.loaded(1)}
        later = {"updated_at": clock.at(1, hours=-3), "_loaded_at": clock.loaded(1)}
        yield "order_corrected", "orders", known[-1] | later | {"shipping_amount": "9.90"}


def _items_and_refunds(clock: _Clock, head: dict[str, pa.Table]) -> Rows:
    def item(number: int, **more: str | None) -> Row:
        row: Row = {
            "order_item_id": f"LX{number:05d}",
            "order_id": "OX00005",
            "product_id": "P0001",
            "quantity": "1",
            "unit_price": "20.00",
            "discount_amount": "0.00",
            "_loaded_at": clock.loaded(0.5),
        }
        return row | more

    yield None, "order_items", item(1)
    yield "item_unknown_product", "order_items", item(2, product_id="PX0009")
    yield "item_missing_key", "order_items", item(0, order_item_id=None)
    yield "item_negative_quantity", "order_items", item(3, order_id="OX00006", quantity="-2")
    yield "item_bad_quantity", "order_items", item(4, order_id="OX00007", quantity="two")
    yield "item_orphan", "order_items", item(5, order_id="OX99999")
    known = _copies(head, "order_items")
    if known:
        yield "item_duplicate", "order_items", known[0]

    def refund(number: int, **more: str | None) -> Row:
        row: Row = {
            "refund_id": f"RX{number:05d}",
            "order_id": "OX00005",
            "refunded_at": clock.at(0.6),
            "amount": "5.00",
            "reason": "changed_mind",
            "_loaded_at": clock.loaded(0.6),
        }
        return row | more

    yield "refund_orphan", "refunds", refund(1, order_id="OX99999")
    yield "refund_bad_amount", "refunds", refund(2, amount="all of it")
    yield "refund_unknown_reason", "refunds", refund(3, reason="bad_karma")
    yield "refund_of_first_order", "refunds", refund(4, order_id="OX00013", amount="40.00")


def _interactions(clock: _Clock, head: dict[str, pa.Table]) -> Rows:
    def touch(number: int, **more: str | None) -> Row:
        row: Row = {
            "interaction_id": f"IX{number:05d}",
            "customer_id": "CX00009",
            "occurred_at": clock.at(0.55),
            "interaction_type": "visit",
            "channel": "web",
            "_loaded_at": clock.loaded(0.55),
        }
        return row | more

    odd = '{"query": "« 茶壶 » \\"große\\" 🫖, قهوة"}'
    single: list[tuple[str | None, Row]] = [
        ("interaction_missing_key", touch(0, interaction_id=None)),
        ("interaction_bad_time", touch(1, occurred_at="n/a")),
        ("interaction_far_future", touch(2, occurred_at="2099-12-31 12:00:00")),
        ("interaction_unknown_type", touch(3, interaction_type="hologram_view")),
        ("interaction_unknown_channel", touch(4, channel="fax")),
        ("interaction_without_person", touch(5, customer_id=None)),
        ("interaction_odd_text", touch(6, interaction_type="search", properties=odd)),
        (None, touch(7, customer_id=None, anonymous_id="AX00001")),
        (None, touch(8, customer_id=None, anonymous_id="AX00002", occurred_at=clock.at(0.05))),
    ]
    for kind, row in single:
        yield kind, "interactions", row
    known = _copies(head, "interactions")
    if known:
        yield "interaction_duplicate", "interactions", known[0]


def _service(clock: _Clock) -> Rows:
    answer: Row = {
        "customer_id": "CX00009",
        "responded_at": clock.at(0.6),
        "survey_type": "csat",
        "score": "4",
        "_loaded_at": clock.loaded(0.6),
    }
    for number, (kind, more) in enumerate(
        [
            ("feedback_bad_score", {"score": "five"}),
            ("feedback_unknown_survey", {"survey_type": "smiley"}),
            ("feedback_odd_text", {"comment": ODD_TEXT}),
        ]
    ):
        yield kind, "feedback", answer | {"feedback_id": f"FX{number:05d}"} | more
    case: Row = {
        "ticket_id": "TX00001",
        "customer_id": "CX00009",
        "opened_at": clock.at(0.6),
        "channel": "email",
        "topic": "late_delivery",
        "is_complaint": "false",
        "_loaded_at": clock.loaded(0.6),
    }
    yield "ticket_missing_key", "tickets", case | {"ticket_id": None}
    yield "ticket_bad_flag", "tickets", case | {"is_complaint": "perhaps"}


def _links(clock: _Clock) -> Rows:
    def link(number: int, kind: str, source: str | None, target: str, share: float) -> Row:
        return {
            "link_id": f"NX{number:05d}",
            "link_type": kind,
            "source_id": source,
            "target_id": target,
            "linked_at": clock.at(share),
            "_loaded_at": clock.loaded(share),
        }

    yield "link_missing_source", "identity_links", link(0, "login", None, "CX00009", 0.5)
    yield "merge_cycle", "identity_links", link(1, "merge", "CX00001", "CX00002", 0.6)
    yield "merge_cycle", "identity_links", link(2, "merge", "CX00002", "CX00001", 0.61)
    for number in (3, 4, 5):
        source, target = f"CX{number:05d}", f"CX{number + 1:05d}"
        yield "merge_chain", "identity_links", link(number, "merge", source, target, 0.6)
    for number in range(5):
        share = 0.3 + number / 50
        target = f"CX{number + 7:05d}"
        yield (
            "shared_device",
            "identity_links",
            link(10 + number, "login", "AX00001", target, share),
        )
    yield "late_login", "identity_links", link(20, "login", "AX00002", "CX00009", 0.7)


def _the_rest(clock: _Clock) -> Rows:
    product: Row = {"is_product": "true", "list_price": "20.00", "_loaded_at": clock.loaded(0)}
    yield "product_missing_key", "products", product | {"product_name": "Nameless"}
    name = 'Kanne "Größe L", 茶壶'
    yield "product_odd_text", "products", product | {"product_id": "PX0001", "product_name": name}
    company = 'Smith, Sons & "Friends" Ltd'
    account: Row = {"account_id": "BX00001", "account_name": company}
    yield "account_odd_text", "accounts", account | {"_loaded_at": clock.loaded(0.1)}
    spend: Row = {"channel": "paid_search", "objective": "acquisition", "amount": "10.00"}
    spend |= {"currency": "EUR", "_loaded_at": clock.loaded(0.2)}
    yield "spend_bad_date", "marketing_spend", spend | {"spend_on": "2023-02-30"}
    consent: Row = {"customer_id": "CX00009", "channel": "email", "is_granted": "maybe"}
    times: Row = {"recorded_at": clock.at(0.2), "_loaded_at": clock.loaded(0.2)}
    yield "consent_bad_flag", "consents", consent | times
    rate: Row = {"rate_on": clock.at(0.2)[:10], "currency": "XXX", "rate_to_reporting": "#N/A"}
    yield "rate_bad_number", "exchange_rates", rate | {"_loaded_at": clock.loaded(0.2)}
    request: Row = {"request_id": "EX00001", "customer_id": "CX00007"}
    times = {"requested_at": clock.at(0.9), "_loaded_at": clock.loaded(0.9)}
    yield "erasure_request", "erasure_requests", request | times
