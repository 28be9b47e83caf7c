"""Column lists and Arrow types of the raw tables and the truth files."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa

TEXT = pa.string()
TIME = pa.timestamp("us")
DAY = pa.date32()
MONEY = pa.decimal128(18, 4)
WHOLE = pa.int64()
FLAG = pa.bool_()
REAL = pa.float64()

_RAW: dict[str, dict[pa.DataType, str]] = {
    "customers": {
        TEXT: "customer_id account_id customer_type email country region "
        "acquisition_channel referrer_customer_id",
        TIME: "registered_at updated_at",
    },
    "accounts": {
        TEXT: "account_id account_name industry parent_account_id",
        WHOLE: "employee_count",
    },
    "products": {
        TEXT: "product_id product_name category",
        MONEY: "unit_cost list_price",
        FLAG: "is_product",
    },
    "orders": {
        TEXT: "order_id customer_id status sales_channel payment_method currency coupon_code "
        "campaign_id",
        TIME: "ordered_at cancelled_at updated_at",
        MONEY: "gross_amount discount_amount shipping_amount tax_amount",
    },
    "order_items": {
        TEXT: "order_item_id order_id product_id",
        WHOLE: "quantity",
        MONEY: "unit_price line_amount discount_amount",
    },
    "refunds": {
        TEXT: "refund_id order_id order_item_id customer_id reason",
        TIME: "refunded_at",
        MONEY: "amount tax_amount shipping_amount",
    },
    "interactions": {
        TEXT: "interaction_id customer_id anonymous_id interaction_type channel campaign_id "
        "product_id order_id ticket_id utm_source utm_medium utm_campaign currency properties",
        TIME: "occurred_at",
        MONEY: "amount",
    },
    "feedback": {
        TEXT: "feedback_id customer_id survey_type order_id touchpoint theme comment",
        TIME: "responded_at closed_at",
        WHOLE: "score",
    },
    "tickets": {
        TEXT: "ticket_id customer_id channel topic",
        TIME: "opened_at first_response_at resolved_at",
        WHOLE: "handover_count",
        FLAG: "is_complaint",
    },
    "campaigns": {
        TEXT: "campaign_id campaign_name channel objective target_stage target_segment "
        "offer_type category",
        TIME: "starts_at ends_at",
        MONEY: "discount_rate budget_amount",
    },
    "marketing_spend": {
        TEXT: "channel campaign_id objective currency",
        DAY: "spend_on",
        MONEY: "amount",
        WHOLE: "impressions clicks",
    },
    "experiments": {
        TEXT: "experiment_id campaign_id segment factor control_variant primary_metric",
        TIME: "starts_at ends_at",
        WHOLE: "planned_sample",
    },
    "experiment_variants": {TEXT: "experiment_id variant", MONEY: "expected_share"},
    "experiment_assignments": {
        TEXT: "experiment_id variant customer_id anonymous_id",
        TIME: "assigned_at exposed_at",
    },
    "consents": {TEXT: "customer_id channel source", FLAG: "is_granted", TIME: "recorded_at"},
    "identity_links": {TEXT: "link_id link_type source_id target_id", TIME: "linked_at"},
    "exchange_rates": {TEXT: "currency", DAY: "rate_on", MONEY: "rate_to_reporting"},
    "erasure_requests": {TEXT: "request_id customer_id", TIME: "requested_at"},
}

_TRUTH: dict[str, dict[pa.DataType, str]] = {
    "truth_customers": {
        TEXT: "unit_id customer_type acquired_by_campaign_id merged_into churn_reason",
        FLAG: "is_buyer is_alive_at_end",
        TIME: "arrived_at first_order_at dropped_out_at returned_at dropped_out_again_at",
        REAL: "orders_per_day dropout_probability price_level",
    },
    "truth_orders": {TEXT: "order_id unit_id origin cause_id", FLAG: "is_disappointing"},
    "truth_campaigns": {
        TEXT: "campaign_id effect_on",
        REAL: "true_effect",
        WHOLE: "targeted incremental",
    },
    "truth_experiments": {
        TEXT: "experiment_id variant",
        REAL: "true_added_order_probability",
        WHOLE: "assigned exposed incremental_orders",
    },
}

# The order of columns in the files; every raw table ends with `_loaded_at`.
_ORDER: dict[str, str] = {
    "customers": "customer_id account_id customer_type email country region registered_at "
    "acquisition_channel referrer_customer_id updated_at",
    "accounts": "account_id account_name industry employee_count parent_account_id",
    "products": "product_id product_name category unit_cost list_price is_product",
    "orders": "order_id customer_id ordered_at status sales_channel payment_method currency "
    "gross_amount discount_amount shipping_amount tax_amount coupon_code campaign_id "
    "cancelled_at updated_at",
    "order_items": "order_item_id order_id product_id quantity unit_price line_amount "
    "discount_amount",
    "refunds": "refund_id order_id order_item_id customer_id refunded_at amount tax_amount "
    "shipping_amount reason",
    "interactions": "interaction_id customer_id anonymous_id occurred_at interaction_type "
    "channel campaign_id product_id order_id ticket_id utm_source utm_medium utm_campaign "
    "amount currency properties",
    "feedback": "feedback_id customer_id responded_at survey_type score order_id touchpoint "
    "theme comment closed_at",
    "tickets": "ticket_id customer_id opened_at first_response_at resolved_at channel topic "
    "handover_count is_complaint",
    "campaigns": "campaign_id campaign_name channel objective target_stage target_segment "
    "offer_type discount_rate category budget_amount starts_at ends_at",
    "marketing_spend": "spend_on channel campaign_id objective amount currency impressions clicks",
    "experiments": "experiment_id campaign_id segment factor control_variant primary_metric "
    "starts_at ends_at planned_sample",
    "experiment_variants": "experiment_id variant expected_share",
    "experiment_assignments": "experiment_id variant customer_id anonymous_id assigned_at "
    "exposed_at",
    "consents": "customer_id channel is_granted recorded_at source",
    "identity_links": "link_id link_type source_id target_id linked_at",
    "exchange_rates": "rate_on currency rate_to_reporting",
    "erasure_requests": "request_id customer_id requested_at",
    "truth_customers": "unit_id customer_type is_buyer arrived_at first_order_at "
    "orders_per_day dropout_probability price_level dropped_out_at churn_reason returned_at "
    "dropped_out_again_at is_alive_at_end acquired_by_campaign_id merged_into",
    "truth_orders": "order_id unit_id origin cause_id is_disappointing",
    "truth_campaigns": "campaign_id effect_on true_effect targeted incremental",
    "truth_experiments": "experiment_id variant true_added_order_probability assigned exposed "
    "incremental_orders",
}


def _schema(table: str, columns: dict[pa.DataType, str], *, raw: bool) -> pa.Schema:
    types = {name: kind for kind, names in columns.items() for name in names.split()}
    order = _ORDER[table].split()
    if sorted(order) != sorted(types):
        raise AssertionError(f"{table}: column order and column types name different columns")
    fields = [pa.field(name, types[name]) for name in order]
    return pa.schema(fields + ([pa.field("_loaded_at", TIME)] if raw else []))


RAW_SCHEMAS: dict[str, pa.Schema] = {t: _schema(t, c, raw=True) for t, c in _RAW.items()}
TRUTH_SCHEMAS: dict[str, pa.Schema] = {t: _schema(t, c, raw=False) for t, c in _TRUTH.items()}
SCHEMAS: dict[str, pa.Schema] = RAW_SCHEMAS | TRUTH_SCHEMAS


# --- numpy -> Arrow --------------------------------------------------------------------------


def _validity(valid: np.ndarray | None) -> tuple[pa.Buffer | None, int]:
    if valid is None or valid.all():
        return None, 0
    return pa.py_buffer(np.packbits(valid, bitorder="little")), int((~valid).sum())


def ids(prefix: str, *parts: tuple[np.ndarray, int]) -> pa.Array:
    """Text keys such as `O00001230004`: a prefix, then whole numbers padded with zeros.

    parts: (numbers, digits) pairs; a number too long for its digits is an error, since two
    rows could get one key.
    """
    rows = len(parts[0][0])
    width = len(prefix) + sum(digits for _, digits in parts)
    text = np.empty((rows, width), dtype=np.uint8)
    text[:, : len(prefix)] = np.frombuffer(prefix.encode(), dtype=np.uint8)
    end = len(prefix)
    for numbers, digits in parts:
        end += digits
        rest = numbers.astype(np.int64)
        for column in range(end - 1, end - 1 - digits, -1):
            rest, text[:, column] = rest // 10, rest % 10 + 48
        if rest.any():
            raise OverflowError(f"more than {digits} digits in a key that begins with {prefix!r}")
    offsets = np.arange(rows + 1, dtype=np.int32) * width
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(text))]
    return pa.Array.from_buffers(TEXT, rows, buffers)


def pick(index: np.ndarray, words: pa.Array | list[str]) -> pa.DictionaryArray:
    """Words by position; a negative position is NULL."""
    dictionary = words if isinstance(words, pa.Array) else pa.array(words, TEXT)
    valid, nulls = _validity(index >= 0)
    codes = np.where(index >= 0, index, 0).astype(np.int32)
    values = pa.Array.from_buffers(pa.int32(), len(codes), [valid, pa.py_buffer(codes)], nulls)
    return pa.DictionaryArray.from_arrays(values, dictionary)


def money(hundredths: np.ndarray, valid: np.ndarray | None = None) -> pa.Array:
    """DECIMAL(18,4) from whole hundredths (int64)."""
    parts = np.empty((len(hundredths), 2), dtype=np.int64)
    parts[:, 0] = hundredths * 100
    parts[:, 1] = hundredths >> 63
    bitmap, nulls = _validity(valid)
    return pa.Array.from_buffers(MONEY, len(parts), [bitmap, pa.py_buffer(parts)], nulls)


def numbers(
    values: np.ndarray, valid: np.ndarray | None = None, kind: pa.DataType = WHOLE
) -> pa.Array:
    """A numeric or boolean column; rows that are not valid are NULL."""
    mask = None if valid is None else ~valid
    return pa.array(values, kind, mask=mask)


def times(epoch: int, seconds: np.ndarray, valid: np.ndarray | None = None) -> pa.Array:
    """UTC timestamps from seconds after `epoch` (seconds since 1970)."""
    micros = (seconds.astype(np.int64) + epoch) * 1_000_000
    bitmap, nulls = _validity(valid)
    return pa.Array.from_buffers(TIME, len(micros), [bitmap, pa.py_buffer(micros)], nulls)


def empty(table: str) -> pa.Table:
    """The table without rows."""
    return SCHEMAS[table].empty_table()


def as_text(column: pa.ChunkedArray) -> list[str | None]:
    """A column as CSV text: 2023-01-31 08:15:00, 12.50, true; None is NULL."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("s"))
    if pa.types.is_decimal(kind):
        return [None if value is None else _short(value) for value in column.to_pylist()]
    return column.cast(TEXT).to_pylist()


def _short(value: Decimal) -> str:
    """A decimal with four digits after the point, or two where the others are zero."""
    text = str(value)
    return text[:-2] if text.endswith("00") else text
