"""Lifecycle stages of one customer: a state machine that walks the events in time.

All instants are naive datetimes in UTC, all windows are whole days of 24 hours, and
every span is half-open: ``[valid_from, valid_to)``. Source: the section "Lifecycle
stages" of the project's design and its fine print.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from pathlib import Path

SIGNAL_RANK = {"none": 0, "interest": 1, "intent": 2}
GAPS_REMEMBERED = 10


@dataclass(frozen=True, slots=True)
class Thresholds:
    """One row of ``lifecycle_thresholds.csv``; lengths in days, amounts in money."""

    customer_type: str
    onboarding_days: int
    decline_days: int
    churn_days: int
    winback_days: int
    prospect_lapse_days: int
    loyalty_window_days: int
    loyalty_min_orders: int
    loyalty_min_amount: Decimal | None
    advocacy_window_days: int
    dissatisfaction_window_days: int
    threshold_mode: str
    population_decline_quantile: Decimal
    population_churn_quantile: Decimal
    population_min_gaps: int
    personal_decline_factor: Decimal
    personal_churn_factor: Decimal
    personal_min_gaps: int
    min_decline_days: int
    max_decline_days: int
    min_churn_days: int
    max_churn_days: int


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a life.

    ``kind`` is touch, order, advocacy or dissatisfaction; ``direction`` inbound or
    outbound; ``signal`` none, interest or intent; ``value`` is the money of an order,
    net of the refunds known.
    """

    at: datetime
    kind: str
    event_id: str = ""
    direction: str = "inbound"
    signal: str = "none"
    value: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Span:
    """One uninterrupted stretch of one stage; ``valid_to`` None means open."""

    stage: str
    stage_detail: str | None
    valid_from: datetime
    valid_to: datetime | None
    threshold_mode: str


@dataclass(slots=True)
class _Life:
    """Everything known of a customer at the instant the walk has reached."""

    rules: Thresholds
    population: tuple[int, int] | None
    business_date: Callable[[datetime], date]
    prospect: tuple[str, str | None] | None = None
    timers: dict[str, datetime] = field(default_factory=dict)
    moments: list[tuple[datetime, Decimal]] = field(default_factory=list)
    purchase_days: list[date] = field(default_factory=list)
    base: str = ""
    mode: str = "fixed"
    holds: set[str] = field(default_factory=set)


def lifecycle_spans(
    events: Iterable[Event],
    thresholds: Thresholds,
    population: tuple[int, int] | None,
    business_date: Callable[[datetime], date],
) -> list[Span]:
    """Walk one customer's events and return the spans of the whole life.

    ``events`` may come in any order; ``population`` is (decline_days, churn_days) as
    fitted, or None; ``business_date`` gives the business day of a UTC instant. No
    events, no spans. The last span is open.
    """
    life = _Life(thresholds, population, business_date)
    by_instant = {
        at: list(group)
        for at, group in groupby(sorted(events, key=lambda event: event.at), lambda e: e.at)
    }
    ahead = sorted(by_instant, reverse=True)
    turns: list[tuple[datetime, str, str | None, str]] = []
    while ahead or life.timers:
        now = min([*ahead[-1:], *life.timers.values()])
        if ahead and ahead[-1] == now:
            ahead.pop()
        _live_through(life, now, by_instant.get(now, []))
        stage, detail = _visible(life)
        if not turns or turns[-1][1:3] != (stage, detail):
            turns.append((now, stage, detail, life.mode))
    ends: list[datetime | None] = [*[turn[0] for turn in turns[1:]], None]
    return [
        Span(stage, detail, start, end, mode)
        for (start, stage, detail, mode), end in zip(turns, ends, strict=False)
    ]


def _live_through(life: _Life, now: datetime, happening: list[Event]) -> None:
    """Let one instant happen: orders, then touches, then boundaries, then signals."""
    orders = [event for event in happening if event.kind == "order"]
    others = [event for event in happening if event.kind != "order"]
    if orders:
        _order(life, now, sum((order.value for order in orders), Decimal(0)))
    if not life.moments and others:
        _touch(life, now, others)
    for name in [name for name, at in life.timers.items() if at == now]:
        del life.timers[name]
        _boundary(life, name)
    for event in others:
        if event.kind == "advocacy":
            _start(life, "advocacy", now, life.rules.advocacy_window_days)
        if event.kind == "dissatisfaction" and life.moments:
            _start(life, "dissatisfaction", now, life.rules.dissatisfaction_window_days)


def _start(life: _Life, name: str, now: datetime, days: int) -> None:
    """Let something hold from now on for so many days."""
    life.holds.add(name)
    life.timers[name] = now + timedelta(days=days)


def _touch(life: _Life, now: datetime, touches: list[Event]) -> None:
    """Touches of a prospect at one instant; the strongest signal of them counts."""
    inbound = [touch for touch in touches if _is_inbound(touch)]
    if life.prospect is not None and not inbound:
        return
    strongest = max((SIGNAL_RANK[touch.signal] for touch in inbound), default=0)
    if life.prospect is not None:  # a lost prospect has no detail, so it starts afresh
        strongest = max(strongest, SIGNAL_RANK[life.prospect[1] or "none"])
    if strongest == SIGNAL_RANK["none"]:
        life.prospect = ("awareness", None)
    else:
        life.prospect = ("consideration", [*SIGNAL_RANK][strongest])
    life.timers["lapse"] = now + timedelta(days=life.rules.prospect_lapse_days)


def _is_inbound(touch: Event) -> bool:
    """Signals of any kind are inbound by definition."""
    return touch.direction == "inbound" or touch.signal != "none" or touch.kind != "touch"


def _order(life: _Life, now: datetime, value: Decimal) -> None:
    """A purchase moment: everything that waited for an order is over."""
    was_churned = "churn" in life.holds
    for name in ("lapse", "onboarding", "decline", "churn", "winback", "dissatisfaction"):
        life.timers.pop(name, None)
        life.holds.discard(name)
    life.moments.append((now, value))
    day = life.business_date(now)
    if not life.purchase_days or life.purchase_days[-1] != day:
        life.purchase_days.append(day)
    life.base = _base(life, now)
    if len(life.moments) == 1:
        life.timers["onboarding"] = now + timedelta(days=life.rules.onboarding_days)
    if was_churned:
        _start(life, "winback", now, life.rules.winback_days)
    life.mode, decline_days, churn_days = _silence_days(life)
    life.timers["decline"] = now + timedelta(days=decline_days)
    life.timers["churn"] = now + timedelta(days=churn_days)


def _base(life: _Life, now: datetime) -> str:
    """The stage under all overlays, as the order just made decides it."""
    if len(life.moments) == 1:
        return "purchase"
    window_opens = now - timedelta(days=life.rules.loyalty_window_days)
    recent = [value for at, value in life.moments if at > window_opens]
    enough_orders = len(recent) >= life.rules.loyalty_min_orders
    needed = life.rules.loyalty_min_amount
    enough_value = needed is not None and sum(recent) >= needed
    return "loyalty" if enough_orders or enough_value else "retention"


def _silence_days(life: _Life) -> tuple[str, int, int]:
    """(mode, decline_days, churn_days) in force from the last order on."""
    rules = life.rules
    if rules.threshold_mode == "population" and life.population is not None:
        return "population", *life.population
    gaps = [
        (later - earlier).days
        for earlier, later in zip(life.purchase_days, life.purchase_days[1:], strict=False)
    ]
    if rules.threshold_mode == "personal" and len(gaps) >= max(rules.personal_min_gaps, 1):
        middle = _median(gaps[-GAPS_REMEMBERED:])
        decline = _whole_days(middle * rules.personal_decline_factor)
        churn = _whole_days(middle * rules.personal_churn_factor)
        return (
            "personal",
            min(max(decline, rules.min_decline_days), rules.max_decline_days),
            min(max(churn, rules.min_churn_days), rules.max_churn_days),
        )
    return "fixed", rules.decline_days, rules.churn_days


def _median(gaps: list[int]) -> Decimal:
    ordered = sorted(gaps)
    count = len(ordered)
    return Decimal(ordered[(count - 1) // 2] + ordered[count // 2]) / 2


def _whole_days(days: Decimal) -> int:
    return int(days.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _boundary(life: _Life, name: str) -> None:
    """A boundary takes effect that no order and no touch has moved away."""
    if name == "lapse":
        life.prospect = ("lost_prospect", None)
    elif name == "onboarding":
        life.base = "use"
    elif name in ("decline", "churn"):
        life.holds.add(name)
    else:
        life.holds.discard(name)


def _visible(life: _Life) -> tuple[str, str | None]:
    """The stage that shows when several hold, with its detail."""
    if not life.moments:
        if life.prospect is None:
            raise ValueError("A life without events has no stage: pass at least one event.")
        return life.prospect
    if "churn" in life.holds:
        return "churn", None
    if "decline" in life.holds:
        return "decline", "silence"
    if "dissatisfaction" in life.holds:
        return "decline", "dissatisfaction"
    if "winback" in life.holds:
        return "winback", None
    if "advocacy" in life.holds and life.base in ("retention", "loyalty"):
        return "advocacy", None
    return life.base, None


def read_thresholds(path: Path) -> dict[str, Thresholds]:
    """Read ``lifecycle_thresholds.csv``: customer type -> its thresholds.

    Raises ValueError when a column is missing or a number cannot be read.
    """
    with path.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return {row["customer_type"]: _thresholds(row, path) for row in rows}


def _thresholds(row: dict[str, str], path: Path) -> Thresholds:
    kinds = {"int": int, "Decimal": Decimal, "str": str, "Decimal | None": _optional_decimal}
    try:
        return Thresholds(**{f.name: kinds[str(f.type)](row[f.name]) for f in fields(Thresholds)})
    except (KeyError, ValueError, ArithmeticError) as fault:
        raise ValueError(f"{path}: cannot read {fault!r}; correct the row {row}.") from fault


def _optional_decimal(text: str) -> Decimal | None:
    return Decimal(text) if text else None
