"""Segments of one customer: what the rules say after each order and each window's end.

Instants are naive datetimes in UTC, recency bounds are days of 24 hours, spans are
half-open. Source: the section "Segments" of the project's reference.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path

PROSPECT = "prospect"


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """One row of ``segment_rules.csv``; None means no bound, bounds are inclusive."""

    priority: int
    segment: str
    min_recency_days: int | None = None
    max_recency_days: int | None = None
    min_orders: int | None = None
    max_orders: int | None = None
    min_high_value_orders: int | None = None
    max_high_value_orders: int | None = None
    min_high_value_recency_days: int | None = None
    max_high_value_recency_days: int | None = None
    min_relative_value: Decimal | None = None
    max_relative_value: Decimal | None = None
    min_units: Decimal | None = None
    max_units: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SegmentOrder:
    """A valid order: its instant, its money net of refunds known, its pieces."""

    at: datetime
    value: Decimal
    units: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class _Measures:
    """The history of a customer right after a purchase moment."""

    last_order_at: datetime
    last_high_value_at: datetime | None
    orders: int
    high_value_orders: int
    total: Decimal
    units: Decimal


def segment_spans(
    orders: Iterable[SegmentOrder],
    rules: Iterable[SegmentRule],
    mean_order_value: Decimal,
    mean_customer_value: Decimal,
    high_value_factor: Decimal,
    first_event_at: datetime | None,
) -> list[tuple[str, datetime, datetime | None]]:
    """Return (segment, from, to) of one customer's life, the last one open.

    ``first_event_at`` is the first touch or order of the life (None: no life, no
    spans). Raises ValueError when no rule matches.
    """
    if first_event_at is None:
        return []
    ranked = sorted(
        (rule for rule in rules if rule.segment != PROSPECT), key=lambda rule: rule.priority
    )
    turns = [(first_event_at, PROSPECT)]
    history = _history(orders, mean_order_value * high_value_factor)
    nexts: list[datetime | None] = [*[m.last_order_at for m in history[1:]], None]
    for measures, next_order_at in zip(history, nexts, strict=False):
        for instant in _instants(measures, ranked, next_order_at):
            turns.append((instant, _first_match(ranked, measures, instant, mean_customer_value)))
    if history and history[0].last_order_at <= first_event_at:
        del turns[0]
    changes = [turn for at, turn in enumerate(turns) if at == 0 or turn[1] != turns[at - 1][1]]
    ends: list[datetime | None] = [*[start for start, _ in changes[1:]], None]
    return [(name, start, end) for (start, name), end in zip(changes, ends, strict=False)]


def _history(orders: Iterable[SegmentOrder], high_value: Decimal) -> list[_Measures]:
    """The measures after each purchase moment; orders of one instant are one moment."""
    history: list[_Measures] = []
    last_high_value_at: datetime | None = None
    high_value_orders = 0
    total = units = Decimal(0)
    in_time = groupby(sorted(orders, key=lambda order: order.at), lambda order: order.at)
    for count, (at, group) in enumerate(in_time, start=1):
        moment = list(group)
        value = sum((order.value for order in moment), Decimal(0))
        total += value
        units += sum((order.units for order in moment), Decimal(0))
        if value >= high_value:
            last_high_value_at = at
            high_value_orders += 1
        history.append(_Measures(at, last_high_value_at, count, high_value_orders, total, units))
    return history


def _instants(
    measures: _Measures, rules: list[SegmentRule], next_order_at: datetime | None
) -> list[datetime]:
    """The order and every window's end after it that the next order does not forestall."""
    instants = {measures.last_order_at}
    for rule in rules:
        for days in (rule.min_recency_days, rule.max_recency_days):
            if days is not None:
                instants.add(measures.last_order_at + timedelta(days=days))
        for days in (rule.min_high_value_recency_days, rule.max_high_value_recency_days):
            if days is not None and measures.last_high_value_at is not None:
                instants.add(measures.last_high_value_at + timedelta(days=days))
    return sorted(
        instant
        for instant in instants
        if instant >= measures.last_order_at and (next_order_at is None or instant < next_order_at)
    )


def _first_match(
    rules: list[SegmentRule], measures: _Measures, now: datetime, mean_customer_value: Decimal
) -> str:
    for rule in rules:
        if _matches(rule, measures, now, mean_customer_value):
            return rule.segment
    raise ValueError(
        f"No segment rule matches a buyer at {now} ({measures}); end the rules with one "
        "that has no bounds."
    )


def _matches(rule: SegmentRule, m: _Measures, now: datetime, mean: Decimal) -> bool:
    return (
        _in_window(m.last_order_at, now, rule.min_recency_days, rule.max_recency_days)
        and _between(m.orders, rule.min_orders, rule.max_orders)
        and _between(m.high_value_orders, rule.min_high_value_orders, rule.max_high_value_orders)
        and _in_window(
            m.last_high_value_at,
            now,
            rule.min_high_value_recency_days,
            rule.max_high_value_recency_days,
        )
        and _between(
            m.total,
            None if rule.min_relative_value is None else rule.min_relative_value * mean,
            None if rule.max_relative_value is None else rule.max_relative_value * mean,
        )
        and _between(m.units, rule.min_units, rule.max_units)
    )


def _between(measure: int | Decimal, low: int | Decimal | None, high: int | Decimal | None) -> bool:
    return (low is None or measure >= low) and (high is None or measure <= high)


def _in_window(
    anchor: datetime | None, now: datetime, min_days: int | None, max_days: int | None
) -> bool:
    """min: from anchor + min days on; max: before anchor + max days; no anchor: never."""
    if min_days is None and max_days is None:
        return True
    if anchor is None:
        return False
    opened = min_days is None or now >= anchor + timedelta(days=min_days)
    return opened and (max_days is None or now < anchor + timedelta(days=max_days))


def read_segment_rules(path: Path) -> list[SegmentRule]:
    """Read ``segment_rules.csv``; a row without priority (prospect) is not a rule.

    Raises ValueError when a column is missing or a number cannot be read.
    """
    with path.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return [_rule(row, path) for row in rows if row.get("priority") and row["segment"] != PROSPECT]


def _rule(row: dict[str, str], path: Path) -> SegmentRule:
    kinds = {"int": int, "str": str, "int | None": int, "Decimal | None": Decimal}
    try:
        return SegmentRule(
            **{
                f.name: kinds[str(f.type)](row[f.name]) if row[f.name] else None
                for f in fields(SegmentRule)
            }
        )
    except (KeyError, ValueError, ArithmeticError) as fault:
        raise ValueError(f"{path}: cannot read {fault!r}; correct the row {row}.") from fault


def default_segment_rules() -> list[SegmentRule]:
    """The nine rules of the trade with their windows of 40, 90 and 180 days."""
    return [
        SegmentRule(1, "champion", min_high_value_orders=2, max_high_value_recency_days=40),
        SegmentRule(2, "loyal", min_orders=2, max_recency_days=40),
        SegmentRule(3, "recent", max_recency_days=40),
        SegmentRule(4, "cannot_lose", min_relative_value=Decimal(2), min_orders=4),
        SegmentRule(5, "high_potential", max_recency_days=90, min_high_value_orders=1),
        SegmentRule(6, "high_potential", max_recency_days=90, min_orders=3),
        SegmentRule(7, "needs_nurturing", max_recency_days=90),
        SegmentRule(8, "at_risk", max_recency_days=180),
        SegmentRule(9, "about_to_lose"),
    ]
