"""Random companies: thresholds, customers and their raw events, and what to expect of them.

One generator serves two sources of chance: Hypothesis (shrinks, for small companies)
and ``random.Random`` (fast, for thousands of customers). Times lean to where rules
break: the edges of windows, one second before and after them, and ties.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from .lifecycle_reference import Event, Thresholds, lifecycle_spans
from .segment_reference import SegmentOrder, SegmentRule, segment_spans

Population = Mapping[str, tuple[int, int]]
Integer = Callable[[int, int], int]

BUSINESS_TIME_ZONE = ZoneInfo("Europe/Berlin")
FIRST_DAY = datetime(2019, 3, 1)
LAST_INSTANT = datetime(2024, 6, 30, 12)
TYPES = ("b2c", "b2b")
MODES = ("fixed", "population", "personal")

# What the generated words mean; the rule seeds must say the same of them.
QUALITY_REASON = "defective"
OTHER_REASON = "changed_mind"
ORDER_STATUSES = {"completed": True, "cancelled": False, "test": False}
INTERACTION_TYPES = {
    "visit": ("inbound", "none"),
    "ad_impression": ("outbound", "none"),
    "product_view": ("inbound", "interest"),
    "add_to_cart": ("inbound", "intent"),
    "referral_converted": ("inbound", "advocacy"),
    "review_public": ("inbound", "advocacy"),
    "complaint": ("inbound", "dissatisfaction"),
    "type_without_a_rule": ("inbound", "none"),
}
CSAT_SCORES = (1, 4)
NPS_SCORES = (0, 6, 7, 8, 9, 10)
NPS_LOW_BELOW = 7
NPS_PROMOTER_FROM = 9
CSAT_LOW_BELOW = 3
SEGMENT_WINDOWS = (40, 90, 180)


@dataclass(frozen=True, slots=True)
class RawOrder:
    """A row of raw orders; amounts in the reporting currency."""

    order_id: str
    ordered_at: datetime
    status: str
    gross_amount: Decimal
    discount_amount: Decimal | None = None
    currency: str | None = "EUR"


@dataclass(frozen=True, slots=True)
class RawRefund:
    """A row of raw refunds; ``order_id`` None is a refund of no order in particular."""

    refund_id: str
    order_id: str | None
    refunded_at: datetime
    amount: Decimal
    reason: str | None


@dataclass(frozen=True, slots=True)
class RawInteraction:
    """A row of raw interactions."""

    interaction_id: str
    occurred_at: datetime
    interaction_type: str


@dataclass(frozen=True, slots=True)
class RawFeedback:
    """A row of raw feedback."""

    feedback_id: str
    responded_at: datetime
    survey_type: str
    score: int


@dataclass(frozen=True, slots=True)
class RawTicket:
    """A row of raw tickets."""

    ticket_id: str
    opened_at: datetime
    is_complaint: bool | None


@dataclass(slots=True)
class Customer:
    """One person and every raw row of theirs."""

    customer_id: str
    customer_type: str
    registered_at: datetime | None = None
    orders: list[RawOrder] = field(default_factory=list)
    refunds: list[RawRefund] = field(default_factory=list)
    interactions: list[RawInteraction] = field(default_factory=list)
    feedback: list[RawFeedback] = field(default_factory=list)
    tickets: list[RawTicket] = field(default_factory=list)


Company = list[Customer]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A company with the thresholds and fitted figures it lives under."""

    thresholds: dict[str, Thresholds]
    population: dict[str, tuple[int, int]]
    company: Company


# --- thresholds -------------------------------------------------------------------


def default_thresholds() -> dict[str, Thresholds]:
    """The thresholds of the worked life, for both customer types, mode fixed."""
    return {
        customer_type: Thresholds(
            customer_type=customer_type,
            onboarding_days=30,
            decline_days=90,
            churn_days=180,
            winback_days=30,
            prospect_lapse_days=120,
            loyalty_window_days=365,
            loyalty_min_orders=4,
            loyalty_min_amount=None,
            advocacy_window_days=180,
            dissatisfaction_window_days=60,
            threshold_mode="fixed",
            population_decline_quantile=Decimal("0.80"),
            population_churn_quantile=Decimal("0.95"),
            population_min_gaps=100,
            personal_decline_factor=Decimal("2.0"),
            personal_churn_factor=Decimal("4.0"),
            personal_min_gaps=3,
            min_decline_days=35,
            max_decline_days=365,
            min_churn_days=60,
            max_churn_days=730,
        )
        for customer_type in TYPES
    }


def _pick(integer: Integer, options: Sequence[Any]) -> Any:
    return options[integer(0, len(options) - 1)]


def _chance(integer: Integer, percent: int) -> bool:
    return integer(0, 99) >= 100 - percent


def _draw_thresholds(integer: Integer, customer_type: str, mode: str) -> Thresholds:
    onboarding = integer(1, 40)
    min_decline = onboarding + integer(1, 30)
    decline = onboarding + integer(1, 90)
    min_churn = min_decline + integer(1, 60)
    max_decline = min_decline + integer(0, 120)
    decline_factor = Decimal(integer(5, 30)) / 10
    return Thresholds(
        customer_type=customer_type,
        onboarding_days=onboarding,
        decline_days=decline,
        churn_days=decline + integer(1, 120),
        winback_days=integer(1, 150),
        prospect_lapse_days=integer(1, 150),
        loyalty_window_days=integer(10, 400),
        loyalty_min_orders=integer(2, 5),
        loyalty_min_amount=_pick(integer, (None, Decimal("100.00"), Decimal("150.00"))),
        advocacy_window_days=integer(1, 200),
        dissatisfaction_window_days=integer(1, 150),
        threshold_mode=mode,
        population_decline_quantile=Decimal("0.80"),
        population_churn_quantile=Decimal("0.95"),
        population_min_gaps=integer(1, 200),
        personal_decline_factor=decline_factor,
        personal_churn_factor=decline_factor + Decimal(integer(1, 30)) / 10,
        personal_min_gaps=_pick(integer, (1, 1, 2, 3, 4, 11)),
        min_decline_days=min_decline,
        max_decline_days=max_decline,
        min_churn_days=min_churn,
        max_churn_days=max(min_churn, max_decline + 1) + integer(0, 200),
    )


def _draw_threshold_set(integer: Integer, mode: str | None) -> dict[str, Thresholds]:
    return {kind: _draw_thresholds(integer, kind, mode or _pick(integer, MODES)) for kind in TYPES}


def _draw_population(
    integer: Integer, thresholds: Mapping[str, Thresholds]
) -> dict[str, tuple[int, int]]:
    """Fitted (decline_days, churn_days) per customer type; a type may have none."""
    fitted = {}
    for kind, rules in thresholds.items():
        decline = rules.onboarding_days + integer(1, 60)
        churn = decline + integer(1, 90)
        if not _chance(integer, 20):
            fitted[kind] = (decline, churn)
    return fitted


# --- one customer -----------------------------------------------------------------


def berlin_date(at: datetime) -> date:
    """The business day of a naive UTC instant."""
    return at.replace(tzinfo=UTC).astimezone(BUSINESS_TIME_ZONE).date()


def _windows(rules: Thresholds, population: tuple[int, int] | None) -> list[int]:
    """Every length in days at whose end something may happen."""
    return [
        rules.onboarding_days,
        rules.decline_days,
        rules.churn_days,
        rules.winback_days,
        rules.prospect_lapse_days,
        rules.loyalty_window_days,
        rules.advocacy_window_days,
        rules.dissatisfaction_window_days,
        *(population or ()),
        *SEGMENT_WINDOWS,
    ]


def _first_instant(integer: Integer) -> datetime:
    """A start: any second, or midnight in Berlin, or a second beside it."""
    day = FIRST_DAY + timedelta(days=integer(0, 730))
    if _chance(integer, 40):
        local_midnight = day.replace(tzinfo=BUSINESS_TIME_ZONE).astimezone(UTC)
        return local_midnight.replace(tzinfo=None) + timedelta(seconds=integer(-1, 1))
    return day + timedelta(seconds=integer(0, 86_399))


def _next_instant(
    integer: Integer,
    known: list[datetime],
    windows: list[int],
    boundaries: Callable[[], list[datetime]],
) -> datetime:
    """An instant for the next event, most often at or beside an edge."""
    beside = timedelta(seconds=integer(-1, 1))
    latest = known[-1]
    kind = integer(0, 9)
    if kind <= 1:
        at = latest + timedelta(days=integer(0, 60), seconds=integer(0, 86_399))
    elif kind == 2:
        at = _pick(integer, known)
    elif kind == 3:
        at = latest + beside
    elif kind <= 6:
        anchor = latest if _chance(integer, 70) else _pick(integer, known)
        at = anchor + timedelta(days=_pick(integer, windows)) + beside
    else:
        at = _pick(integer, boundaries() or known) + beside
    return at if FIRST_DAY <= at <= LAST_INSTANT else latest


def _draw_customer(
    integer: Integer,
    customer_id: str,
    thresholds: Mapping[str, Thresholds],
    population: Population,
    max_events: int,
) -> Customer:
    customer = Customer(customer_id, _pick(integer, TYPES))
    rules = thresholds[customer.customer_type]
    fitted = population.get(customer.customer_type)
    windows = _windows(rules, fitted)
    known = [_first_instant(integer)]

    def boundaries() -> list[datetime]:
        spans = lifecycle_spans(to_events(customer), rules, fitted, berlin_date)
        return [span.valid_from for span in spans]

    if _chance(integer, 15):
        _add_regular_orders(integer, customer, known)
    # A share of prospects, of mixed lives, and of people who mostly buy.
    percent_orders = _pick(integer, (0, 40, 40, 80))
    for number in range(integer(0, max_events)):
        at = known[0] if number == 0 else _next_instant(integer, known, windows, boundaries)
        known.append(at)
        if _chance(integer, percent_orders):
            _add_order(integer, customer, at)
        else:
            _add_other(integer, customer, at)
    if _chance(integer, 30):
        customer.registered_at = _pick(integer, known)
    return customer


def _add_regular_orders(integer: Integer, customer: Customer, known: list[datetime]) -> None:
    """A rhythm of purchases, so that personal thresholds come into force."""
    gap = integer(0, 30)
    for _ in range(integer(2, 14)):
        at = known[-1] + timedelta(days=gap + integer(0, 3), seconds=integer(-1, 1))
        known.append(max(at, FIRST_DAY))
        _add_order(integer, customer, known[-1])


def _add_order(integer: Integer, customer: Customer, at: datetime) -> None:
    for _ in range(2 if _chance(integer, 10) else 1):
        order = RawOrder(
            order_id=f"{customer.customer_id}-o{len(customer.orders) + 1}",
            ordered_at=at,
            status=_pick(integer, ("completed",) * 8 + ("cancelled", "test")),
            gross_amount=Decimal(
                _pick(integer, ("25.00", "50.00", "74.99", "75.00", "99.99", "100.00", "0.00"))
            ),
            discount_amount=_pick(integer, (None, None, Decimal("0.00"), Decimal("25.00"))),
            currency=_pick(integer, ("EUR", None)),
        )
        customer.orders.append(order)


def _add_other(integer: Integer, customer: Customer, at: datetime) -> None:
    kind = integer(0, 9)
    if kind <= 5:
        name = f"{customer.customer_id}-i{len(customer.interactions) + 1}"
        what = _pick(integer, list(INTERACTION_TYPES))
        customer.interactions.append(RawInteraction(name, at, what))
    elif kind == 6:
        name = f"{customer.customer_id}-f{len(customer.feedback) + 1}"
        survey, scores = _pick(integer, (("csat", CSAT_SCORES), ("nps", NPS_SCORES)))
        customer.feedback.append(RawFeedback(name, at, survey, _pick(integer, scores)))
    elif kind == 7:
        name = f"{customer.customer_id}-t{len(customer.tickets) + 1}"
        customer.tickets.append(RawTicket(name, at, _pick(integer, (None, False, True, True))))
    else:
        _add_refund(integer, customer, at)


def _add_refund(integer: Integer, customer: Customer, at: datetime) -> None:
    """A refund of a real order made by then; without one, of no order in particular."""
    candidates = [
        order for order in customer.orders if order.ordered_at <= at and _sale_value(order) > 0
    ]
    order = _pick(integer, candidates) if candidates and not _chance(integer, 10) else None
    whole = Decimal("25.00") if order is None else _sale_value(order)
    amount = _pick(integer, (whole, Decimal("0.01"), min(whole, Decimal("25.00"))))
    customer.refunds.append(
        RawRefund(
            refund_id=f"{customer.customer_id}-r{len(customer.refunds) + 1}",
            order_id=None if order is None else order.order_id,
            refunded_at=at,
            amount=amount,
            reason=_pick(integer, (None, OTHER_REASON, QUALITY_REASON, QUALITY_REASON)),
        )
    )


# --- companies --------------------------------------------------------------------


def random_thresholds(number: int, mode: str | None = None) -> dict[str, Thresholds]:
    """A valid threshold set from a seed; ``mode`` None draws one per customer type."""
    return _draw_threshold_set(random.Random(number).randint, mode)


def random_population(
    number: int, thresholds: Mapping[str, Thresholds]
) -> dict[str, tuple[int, int]]:
    """Fitted figures from a seed; a customer type may have none."""
    return _draw_population(random.Random(number).randint, thresholds)


def random_company(
    number: int,
    customers: int,
    thresholds: Mapping[str, Thresholds] | None = None,
    population: Population | None = None,
    max_events: int = 14,
) -> Company:
    """A company of so many customers from the seed ``number``: same seed, same rows.

    Event times lean to the edges of ``thresholds`` (default: those of the worked life).
    """
    rules = default_thresholds() if thresholds is None else thresholds
    integer = random.Random(number).randint
    return [
        _draw_customer(integer, f"c{at:06d}", rules, population or {}, max_events)
        for at in range(1, customers + 1)
    ]


def _drawn(draw: Callable[[st.SearchStrategy[int]], int]) -> Integer:
    return lambda low, high: draw(st.integers(low, high))


@st.composite
def threshold_sets(draw: Any, mode: str | None = None) -> dict[str, Thresholds]:
    """Strategy: valid thresholds for both customer types, in any mode or the one given."""
    return _draw_threshold_set(_drawn(draw), mode)


@st.composite
def companies(
    draw: Any,
    thresholds: Mapping[str, Thresholds],
    population: Population | None = None,
    max_customers: int = 3,
    max_events: int = 8,
) -> Company:
    """Strategy: a small company under the thresholds given."""
    integer = _drawn(draw)
    return [
        _draw_customer(integer, f"c{at:06d}", thresholds, population or {}, max_events)
        for at in range(1, integer(1, max_customers) + 1)
    ]


@st.composite
def scenarios(
    draw: Any, mode: str | None = None, max_customers: int = 3, max_events: int = 8
) -> Scenario:
    """Strategy: thresholds, fitted figures and a small company under both."""
    thresholds = draw(threshold_sets(mode))
    population = _draw_population(_drawn(draw), thresholds)
    company = draw(companies(thresholds, population, max_customers, max_events))
    return Scenario(thresholds, population, company)


def hypothesis_company(
    customers: int,
    thresholds: Mapping[str, Thresholds],
    population: Population | None = None,
    number: int = 1,
    max_events: int = 8,
) -> Company:
    """Many timelines drawn by Hypothesis, as one company, so that one build checks all.

    Deterministic for a given ``number``; every timeline is one Hypothesis example.
    """
    company: Company = []

    @seed(number)
    @settings(
        max_examples=customers,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def collect(data: st.DataObject) -> None:
        name = f"c{len(company) + 1:06d}"
        company.append(
            _draw_customer(_drawn(data.draw), name, thresholds, population or {}, max_events)
        )

    collect()
    return company[:customers]


# --- what the reference reads -----------------------------------------------------


def _sale_value(order: RawOrder) -> Decimal:
    """Goods less discounts; nothing for an order that is no sale."""
    if not ORDER_STATUSES[order.status]:
        return Decimal(0)
    return order.gross_amount - (order.discount_amount or Decimal(0))


def valid_orders(customer: Customer) -> list[tuple[RawOrder, Decimal]]:
    """Orders above zero net of every refund known, with that value."""
    kept = []
    for order in customer.orders:
        refunded = sum(
            (refund.amount for refund in customer.refunds if refund.order_id == order.order_id),
            Decimal(0),
        )
        value = _sale_value(order)
        if value > 0 and value - refunded > 0:
            kept.append((order, value - refunded))
    return kept


def _feedback_kind(answer: RawFeedback) -> str:
    low_below = CSAT_LOW_BELOW if answer.survey_type == "csat" else NPS_LOW_BELOW
    if answer.score < low_below:
        return "dissatisfaction"
    is_promoter = answer.survey_type == "nps" and answer.score >= NPS_PROMOTER_FROM
    return "advocacy" if is_promoter else "touch"


def _interaction_event(row: RawInteraction) -> Event:
    direction, signal = INTERACTION_TYPES[row.interaction_type]
    if signal in ("advocacy", "dissatisfaction"):
        return Event(row.occurred_at, signal, row.interaction_id, direction)
    return Event(row.occurred_at, "touch", row.interaction_id, direction, signal)


def to_events(customer: Customer) -> list[Event]:
    """A customer's raw rows as the events of a life, in order of time."""
    events = [
        Event(order.ordered_at, "order", order.order_id, value=value)
        for order, value in valid_orders(customer)
    ]
    events += [_interaction_event(row) for row in customer.interactions]
    events += [
        Event(answer.responded_at, _feedback_kind(answer), answer.feedback_id)
        for answer in customer.feedback
    ]
    events += [
        Event(case.opened_at, "dissatisfaction" if case.is_complaint else "touch", case.ticket_id)
        for case in customer.tickets
    ]
    events += [
        Event(refund.refunded_at, "dissatisfaction", refund.refund_id)
        for refund in customer.refunds
        if refund.reason == QUALITY_REASON
    ]
    if customer.registered_at is not None:
        events.append(
            Event(customer.registered_at, "touch", customer.customer_id, signal="interest")
        )
    return sorted(events, key=lambda event: (event.at, event.kind, event.event_id))


def expected_spans(
    company: Iterable[Customer],
    thresholds: Mapping[str, Thresholds],
    population: Population | None = None,
) -> list[tuple]:
    """What ``lifecycle_spans`` must hold of a company, sorted by customer and number.

    (customer_id, span_number, stage, stage_detail, valid_from, valid_to, threshold_mode)
    """
    rows = []
    for customer in sorted(company, key=lambda customer: customer.customer_id):
        spans = lifecycle_spans(
            to_events(customer),
            thresholds[customer.customer_type],
            (population or {}).get(customer.customer_type),
            berlin_date,
        )
        rows += [
            (
                f"person:{customer.customer_id}",
                number,
                span.stage,
                span.stage_detail,
                span.valid_from,
                span.valid_to,
                span.threshold_mode,
            )
            for number, span in enumerate(spans, start=1)
        ]
    return rows


def expected_segments(
    company: Iterable[Customer],
    rules: Sequence[SegmentRule],
    means: Mapping[str, tuple[Decimal, Decimal]],
    high_value_factor: Decimal = Decimal("1.5"),
) -> list[tuple]:
    """What ``segment_spans`` must hold of a company, sorted by customer and number.

    ``means`` is (mean order value, mean customer value) per customer type. Rows are
    (customer_id, span_number, segment, valid_from, valid_to).
    """
    rows = []
    for customer in sorted(company, key=lambda customer: customer.customer_id):
        events = to_events(customer)
        spans = segment_spans(
            [SegmentOrder(order.ordered_at, value) for order, value in valid_orders(customer)],
            rules,
            *means[customer.customer_type],
            high_value_factor,
            events[0].at if events else None,
        )
        rows += [
            (f"person:{customer.customer_id}", number, *span)
            for number, span in enumerate(spans, start=1)
        ]
    return rows


# --- raw rows and seeds -----------------------------------------------------------

RAW_COLUMNS = {
    "customers": (
        "customer_id account_id customer_type email country region registered_at "
        "acquisition_channel referrer_customer_id updated_at"
    ),
    "orders": (
        "order_id customer_id ordered_at status sales_channel payment_method currency "
        "gross_amount discount_amount shipping_amount tax_amount coupon_code campaign_id "
        "cancelled_at updated_at"
    ),
    "refunds": (
        "refund_id order_id order_item_id customer_id refunded_at amount tax_amount "
        "shipping_amount reason"
    ),
    "interactions": (
        "interaction_id customer_id anonymous_id occurred_at interaction_type channel "
        "campaign_id product_id order_id ticket_id utm_source utm_medium utm_campaign "
        "amount currency properties"
    ),
    "feedback": (
        "feedback_id customer_id responded_at survey_type score order_id touchpoint theme "
        "comment closed_at"
    ),
    "tickets": (
        "ticket_id customer_id opened_at first_response_at resolved_at channel topic "
        "handover_count is_complaint"
    ),
}


def to_raw_tables(company: Iterable[Customer]) -> dict[str, list[dict[str, Any]]]:
    """The company as rows of the raw contract: table name -> rows with every column.

    Values are str, datetime (naive UTC), Decimal, int, bool or None.
    """
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in RAW_COLUMNS}
    for customer in company:
        sources: dict[str, list[Any]] = {
            "customers": [customer],
            "orders": customer.orders,
            "refunds": customer.refunds,
            "interactions": customer.interactions,
            "feedback": customer.feedback,
            "tickets": customer.tickets,
        }
        for name, rows in sources.items():
            tables[name] += [_raw_row(name, row, customer.customer_id) for row in rows]
    return tables


def _raw_row(table: str, row: Any, customer_id: str) -> dict[str, Any]:
    return {
        column: customer_id if column == "customer_id" else getattr(row, column, None)
        for column in RAW_COLUMNS[table].split()
    }


def seed_rows(rules: Iterable[Thresholds | SegmentRule]) -> list[dict[str, Any]]:
    """Thresholds or segment rules as rows of their seed, columns in the seed's order."""
    return [{f.name: getattr(rule, f.name) for f in fields(rule)} for rule in rules]
