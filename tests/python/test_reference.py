"""The reference itself: the worked life, and a case for every sentence of the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference.lifecycle_reference import (
    Event,
    Span,
    Thresholds,
    lifecycle_spans,
    read_thresholds,
)
from reference.segment_reference import (
    SegmentOrder,
    SegmentRule,
    default_segment_rules,
    read_segment_rules,
    segment_spans,
)
from reference.timelines import (
    INTERACTION_TYPES,
    MODES,
    OTHER_REASON,
    QUALITY_REASON,
    RAW_COLUMNS,
    Company,
    Customer,
    RawFeedback,
    RawInteraction,
    RawOrder,
    RawRefund,
    RawTicket,
    Scenario,
    berlin_date,
    default_thresholds,
    expected_segments,
    expected_spans,
    hypothesis_company,
    random_company,
    random_population,
    random_thresholds,
    scenarios,
    seed_rows,
    threshold_sets,
    to_events,
    to_raw_tables,
)

DAY_0 = datetime(2024, 1, 1, 12)
SECOND = 1 / 86_400
WORKED = default_thresholds()["b2c"]
BUYER_STAGES = {
    "purchase", "use", "retention", "loyalty", "advocacy", "decline", "churn", "winback",
}  # fmt: skip

Row = tuple[float, float | None, str]


# --- telling a life in days -------------------------------------------------------


def day(number: float) -> datetime:
    return DAY_0 + timedelta(seconds=round(number * 86_400))


def ad(number: float) -> Event:
    return Event(day(number), "touch", f"ad-{number}", direction="outbound")


def visit(number: float) -> Event:
    return Event(day(number), "touch", f"visit-{number}")


def view(number: float) -> Event:
    return Event(day(number), "touch", f"view-{number}", signal="interest")


def cart(number: float) -> Event:
    return Event(day(number), "touch", f"cart-{number}", signal="intent")


def order(number: float, value: str = "10", name: str = "") -> Event:
    return Event(day(number), "order", f"order-{number}{name}", value=Decimal(value))


def complaint(number: float) -> Event:
    return Event(day(number), "dissatisfaction", f"complaint-{number}")


def referral(number: float) -> Event:
    return Event(day(number), "advocacy", f"referral-{number}")


def in_days(at: datetime | None) -> float | None:
    if at is None:
        return None
    days = (at - DAY_0) / timedelta(days=1)
    return round(days) if days == round(days) else days


def named(span: Span) -> str:
    return span.stage + (f" ({span.stage_detail})" if span.stage_detail else "")


def life(
    *events: Event,
    rules: Thresholds = WORKED,
    population: tuple[int, int] | None = None,
) -> list[Row]:
    """The spans of a life as (from day, to day, stage)."""
    return [
        (in_days(span.valid_from), in_days(span.valid_to), named(span))
        for span in lifecycle_spans(events, rules, population, berlin_date)
    ]


def stages(*events: Event, rules: Thresholds = WORKED) -> list[tuple[float, str]]:
    """The same, by beginnings only."""
    return [(start, stage) for start, _, stage in life(*events, rules=rules)]


def modes(
    *events: Event, rules: Thresholds, population: tuple[int, int] | None = None
) -> list[tuple[float | None, str, str]]:
    return [
        (in_days(span.valid_from), named(span), span.threshold_mode)
        for span in lifecycle_spans(events, rules, population, berlin_date)
    ]


# --- the worked life --------------------------------------------------------------


def test_the_worked_life_row_by_row() -> None:
    assert life(
        ad(0),
        visit(5),
        view(10),
        order(20),
        order(60),
        complaint(65),
        order(300),
        order(310),
        order(320),
        referral(330),
    ) == [
        (0, 10, "awareness"),
        (10, 20, "consideration (interest)"),
        (20, 50, "purchase"),
        (50, 60, "use"),
        (60, 65, "retention"),
        (65, 125, "decline (dissatisfaction)"),
        (125, 150, "retention"),
        (150, 240, "decline (silence)"),
        (240, 300, "churn"),
        (300, 310, "winback"),
        (310, 330, "loyalty"),
        (330, 410, "advocacy"),
        (410, 500, "decline (silence)"),
        (500, None, "churn"),
    ]


def test_the_order_in_which_events_are_given_does_not_matter() -> None:
    events = [ad(0), visit(5), view(10), order(20), order(60), complaint(65), order(300)]
    assert life(*events) == life(*reversed(events))


def test_no_events_no_spans() -> None:
    assert life() == []


# --- prospects --------------------------------------------------------------------


def test_awareness_begins_with_an_outbound_touch() -> None:
    assert life(ad(0)) == [(0, 120, "awareness"), (120, None, "lost_prospect")]


def test_awareness_begins_with_an_inbound_touch() -> None:
    assert life(visit(3)) == [(3, 123, "awareness"), (123, None, "lost_prospect")]


def test_a_consideration_signal_may_come_first() -> None:
    assert life(view(0)) == [(0, 120, "consideration (interest)"), (120, None, "lost_prospect")]


def test_interest_becomes_intent_and_never_goes_back() -> None:
    assert stages(view(0), cart(10), view(20), visit(30)) == [
        (0, "consideration (interest)"),
        (10, "consideration (intent)"),
        (150, "lost_prospect"),
    ]


def test_intent_may_come_without_interest() -> None:
    assert stages(visit(0), cart(7), view(9)) == [
        (0, "awareness"),
        (7, "consideration (intent)"),
        (129, "lost_prospect"),
    ]


def test_a_plain_visit_does_not_end_consideration() -> None:
    assert stages(view(0), visit(10)) == [(0, "consideration (interest)"), (130, "lost_prospect")]


@pytest.mark.parametrize("events", [(visit(0), view(0)), (view(0), visit(0)), (ad(0), view(0))])
def test_of_touches_at_one_instant_consideration_holds_at_once(events: tuple[Event, ...]) -> None:
    assert stages(*events) == [(0, "consideration (interest)"), (120, "lost_prospect")]


def test_interest_and_intent_at_one_instant_are_intent() -> None:
    assert stages(cart(0), view(0)) == [(0, "consideration (intent)"), (120, "lost_prospect")]


def test_outbound_touches_do_not_postpone_silence() -> None:
    assert stages(visit(0), ad(60), ad(119)) == [(0, "awareness"), (120, "lost_prospect")]


def test_only_the_first_touch_counts_for_silence_without_an_inbound_one() -> None:
    assert stages(ad(0), ad(60)) == [(0, "awareness"), (120, "lost_prospect")]


def test_silence_counts_from_the_last_inbound_touch() -> None:
    assert stages(ad(0), visit(10), visit(50), ad(100)) == [
        (0, "awareness"),
        (170, "lost_prospect"),
    ]


def test_an_inbound_touch_at_the_very_end_of_the_window_counts() -> None:
    assert stages(visit(0), visit(120)) == [(0, "awareness"), (240, "lost_prospect")]
    assert stages(view(0), visit(120)) == [
        (0, "consideration (interest)"),
        (240, "lost_prospect"),
    ]


def test_an_inbound_touch_a_second_after_the_window_is_too_late() -> None:
    assert stages(view(0), visit(120 + SECOND)) == [
        (0, "consideration (interest)"),
        (120, "lost_prospect"),
        (120 + SECOND, "awareness"),
        (240 + SECOND, "lost_prospect"),
    ]


def test_an_outbound_touch_at_the_very_end_does_not_count() -> None:
    assert stages(visit(0), ad(120)) == [(0, "awareness"), (120, "lost_prospect")]


def test_an_outbound_touch_does_not_bring_back_a_lost_prospect() -> None:
    assert stages(visit(0), ad(130)) == [(0, "awareness"), (120, "lost_prospect")]


@pytest.mark.parametrize(
    ("touch", "stage"),
    [
        (visit(200), "awareness"),
        (view(200), "consideration (interest)"),
        (cart(200), "consideration (intent)"),
        (referral(200), "awareness"),
        (complaint(200), "awareness"),
    ],
)
def test_a_lost_prospect_starts_afresh_by_the_signal(touch: Event, stage: str) -> None:
    assert stages(cart(0), touch) == [
        (0, "consideration (intent)"),
        (120, "lost_prospect"),
        (200, stage),
        (320, "lost_prospect"),
    ]


def test_a_prospect_that_returned_can_go_on_to_consideration() -> None:
    assert stages(cart(0), visit(200), view(210)) == [
        (0, "consideration (intent)"),
        (120, "lost_prospect"),
        (200, "awareness"),
        (210, "consideration (interest)"),
        (330, "lost_prospect"),
    ]


def test_advocacy_and_complaints_of_a_prospect_are_inbound_touches() -> None:
    assert stages(ad(0), complaint(50)) == [(0, "awareness"), (170, "lost_prospect")]
    assert stages(ad(0), referral(50)) == [(0, "awareness"), (170, "lost_prospect")]
    assert stages(complaint(0)) == [(0, "awareness"), (120, "lost_prospect")]


@pytest.mark.parametrize(
    ("kind", "signal"), [("advocacy", "none"), ("dissatisfaction", "none"), ("touch", "interest")]
)
def test_signals_are_inbound_by_definition(kind: str, signal: str) -> None:
    returned = Event(day(200), kind, direction="outbound", signal=signal)
    assert stages(visit(0), returned)[1:] == [
        (120, "lost_prospect"),
        (200, "consideration (interest)" if signal == "interest" else "awareness"),
        (320, "lost_prospect"),
    ]


def test_an_order_ends_a_lost_prospect() -> None:
    assert stages(visit(0), order(200))[:3] == [
        (0, "awareness"),
        (120, "lost_prospect"),
        (200, "purchase"),
    ]


def test_an_order_at_the_very_end_of_the_lapse_prevents_the_loss() -> None:
    assert stages(visit(0), order(120))[:2] == [(0, "awareness"), (120, "purchase")]


# --- first order, onboarding ------------------------------------------------------


def test_a_customer_whose_first_event_is_an_order_starts_in_purchase() -> None:
    assert life(order(0)) == [
        (0, 30, "purchase"),
        (30, 90, "use"),
        (90, 180, "decline (silence)"),
        (180, None, "churn"),
    ]


@pytest.mark.parametrize("touch", [ad(0), visit(0), view(0), cart(0)])
def test_a_touch_at_the_instant_of_the_first_order_is_nothing(touch: Event) -> None:
    assert life(touch, order(0)) == life(order(0))


def test_a_touch_at_the_instant_of_the_first_order_does_not_add_consideration() -> None:
    assert stages(visit(0), view(10), order(10))[:2] == [(0, "awareness"), (10, "purchase")]


def test_touches_of_a_buyer_change_nothing() -> None:
    assert life(order(0), visit(5), cart(100), ad(150), view(300)) == life(order(0))


def test_a_second_order_at_the_end_of_onboarding_comes_before_use() -> None:
    assert stages(order(0), order(30))[:2] == [(0, "purchase"), (30, "retention")]


def test_a_second_order_a_second_later_finds_use() -> None:
    assert stages(order(0), order(30 + SECOND))[:3] == [
        (0, "purchase"),
        (30, "use"),
        (30 + SECOND, "retention"),
    ]


def test_windows_are_days_of_24_hours_over_a_change_of_the_clocks() -> None:
    before_change = datetime(2024, 3, 30, 12)
    spans = lifecycle_spans([Event(before_change, "order")], WORKED, None, berlin_date)
    assert spans[1].valid_from == datetime(2024, 4, 29, 12)


# --- repeat orders ----------------------------------------------------------------


def test_orders_at_one_instant_are_one_purchase_moment() -> None:
    assert life(order(0), order(0, name="b")) == life(order(0))
    three_moments = (order(0), order(1), order(2), order(2, name="b"))
    assert stages(*three_moments)[:2] == [(0, "purchase"), (1, "retention")]
    assert "loyalty" not in {stage for _, stage in stages(*three_moments)}


def test_orders_a_second_apart_are_two() -> None:
    assert stages(order(0), order(SECOND))[:2] == [(0, "purchase"), (SECOND, "retention")]


def test_enough_orders_in_the_window_make_loyalty() -> None:
    assert stages(order(0), order(10), order(20), order(30))[:3] == [
        (0, "purchase"),
        (10, "retention"),
        (30, "loyalty"),
    ]


def test_the_loyalty_window_is_open_at_its_start() -> None:
    rules = replace(WORKED, loyalty_min_orders=2, loyalty_window_days=50)
    assert stages(order(0), order(50), rules=rules)[2] == (50, "retention")
    assert stages(order(0), order(50 - SECOND), rules=rules)[2] == (50 - SECOND, "loyalty")


def test_the_first_order_is_purchase_however_large() -> None:
    rules = replace(WORKED, loyalty_min_amount=Decimal(100))
    assert stages(order(0, "500"), rules=rules)[0] == (0, "purchase")


def test_enough_value_in_the_window_makes_loyalty() -> None:
    rules = replace(WORKED, loyalty_min_amount=Decimal(100))
    assert stages(order(0, "50"), order(10, "50"), rules=rules)[1] == (10, "loyalty")
    assert stages(order(0, "50"), order(10, "49.99"), rules=rules)[1] == (10, "retention")


def test_values_of_one_purchase_moment_add_up() -> None:
    rules = replace(WORKED, loyalty_min_amount=Decimal(100))
    events = (order(0, "50"), order(10, "25"), order(10, "25", "b"))
    assert stages(*events, rules=rules)[1] == (10, "loyalty")


def test_without_an_amount_value_makes_nobody_loyal() -> None:
    assert stages(order(0, "9999"), order(10, "9999"))[1] == (10, "retention")


def test_the_next_order_re_evaluates_loyalty() -> None:
    rules = replace(WORKED, loyalty_min_orders=3, loyalty_window_days=60)
    assert stages(order(0), order(10), order(20), order(75), rules=rules)[:5] == [
        (0, "purchase"),
        (10, "retention"),
        (20, "loyalty"),
        (75, "retention"),
        (165, "decline (silence)"),
    ]


def test_neighbouring_stretches_of_one_stage_are_one_span() -> None:
    assert life(order(0), order(10), order(20))[1] == (10, 110, "retention")


# --- decline and churn ------------------------------------------------------------


def test_an_order_at_the_instant_of_decline_prevents_it() -> None:
    assert stages(order(0), order(10), order(100))[1:3] == [
        (10, "retention"),
        (190, "decline (silence)"),
    ]


def test_an_order_a_second_after_decline_ends_it() -> None:
    assert stages(order(0), order(10), order(100 + SECOND))[1:4] == [
        (10, "retention"),
        (100, "decline (silence)"),
        (100 + SECOND, "retention"),
    ]


def test_an_order_at_the_instant_of_churn_prevents_churn_and_winback() -> None:
    assert stages(order(0), order(180))[2:] == [
        (90, "decline (silence)"),
        (180, "retention"),
        (270, "decline (silence)"),
        (360, "churn"),
    ]


def test_an_order_a_second_after_churn_is_a_winback() -> None:
    assert stages(order(0), order(180 + SECOND))[2:5] == [
        (90, "decline (silence)"),
        (180, "churn"),
        (180 + SECOND, "winback"),
    ]


def test_interactions_do_not_push_decline_away() -> None:
    assert life(order(0), visit(80), cart(89), referral(89), complaint(10))[-2:] == [
        (90, 180, "decline (silence)"),
        (180, None, "churn"),
    ]


def test_decline_before_onboarding_ends_covers_use() -> None:
    rules = replace(WORKED, threshold_mode="population")
    assert life(order(0), rules=rules, population=(20, 60)) == [
        (0, 20, "purchase"),
        (20, 60, "decline (silence)"),
        (60, None, "churn"),
    ]


def test_churn_wins_where_decline_is_not_earlier() -> None:
    rules = replace(WORKED, threshold_mode="population")
    assert life(order(0), rules=rules, population=(60, 60))[-1] == (60, None, "churn")
    assert life(order(0), rules=rules, population=(70, 60))[1:] == [
        (30, 60, "use"),
        (60, None, "churn"),
    ]


# --- winback ----------------------------------------------------------------------


def test_winback_ends_with_its_days_and_the_base_shows() -> None:
    assert life(order(0), order(200))[3:] == [
        (180, 200, "churn"),
        (200, 230, "winback"),
        (230, 290, "retention"),
        (290, 380, "decline (silence)"),
        (380, None, "churn"),
    ]


def test_winback_ends_with_the_next_order() -> None:
    assert stages(order(0), order(200), order(210))[4:6] == [(200, "winback"), (210, "retention")]


def test_an_order_at_the_end_of_winback() -> None:
    assert life(order(0), order(200), order(230))[4:6] == [
        (200, 230, "winback"),
        (230, 320, "retention"),
    ]


def test_decline_ends_a_long_winback() -> None:
    rules = replace(WORKED, winback_days=100)
    assert life(order(0), order(200), rules=rules)[4:] == [
        (200, 290, "winback"),
        (290, 380, "decline (silence)"),
        (380, None, "churn"),
    ]


def test_an_order_after_decline_without_churn_is_no_winback() -> None:
    assert "winback" not in {stage for _, stage in stages(order(0), order(100), order(200))}


def test_churn_is_tested_against_the_order_before_only() -> None:
    assert stages(order(0), order(200), order(300))[4:8] == [
        (200, "winback"),
        (230, "retention"),
        (290, "decline (silence)"),
        (300, "retention"),
    ]


def test_winback_may_lie_over_loyalty() -> None:
    rules = replace(WORKED, loyalty_min_orders=2)
    assert stages(order(0), order(200), rules=rules)[4:6] == [(200, "winback"), (230, "loyalty")]


# --- dissatisfaction --------------------------------------------------------------


def test_a_complaint_of_a_buyer_is_decline_for_its_window() -> None:
    assert life(order(0), order(1), complaint(5))[1:4] == [
        (1, 5, "retention"),
        (5, 65, "decline (dissatisfaction)"),
        (65, 91, "retention"),
    ]


def test_an_order_ends_dissatisfaction() -> None:
    assert stages(order(0), order(1), complaint(5), order(20))[1:4] == [
        (1, "retention"),
        (5, "decline (dissatisfaction)"),
        (20, "retention"),
    ]


def test_dissatisfaction_does_not_come_back_after_the_order() -> None:
    assert life(order(0), order(1), complaint(5), order(20))[3] == (20, 110, "retention")


def test_purchase_shows_decline_too_and_the_base_of_then_comes_back() -> None:
    assert life(order(0), complaint(10))[:3] == [
        (0, 10, "purchase"),
        (10, 70, "decline (dissatisfaction)"),
        (70, 90, "use"),
    ]
    short = replace(WORKED, dissatisfaction_window_days=5)
    assert life(order(0), complaint(10), rules=short)[:4] == [
        (0, 10, "purchase"),
        (10, 15, "decline (dissatisfaction)"),
        (15, 30, "purchase"),
        (30, 90, "use"),
    ]


def test_overlapping_dissatisfaction_is_one_stretch() -> None:
    assert life(order(0), complaint(5), complaint(20))[1:3] == [
        (5, 80, "decline (dissatisfaction)"),
        (80, 90, "use"),
    ]


def test_touching_dissatisfaction_is_one_stretch() -> None:
    short = replace(WORKED, dissatisfaction_window_days=10)
    assert life(order(0), complaint(40), complaint(50), rules=short)[2:4] == [
        (40, 60, "decline (dissatisfaction)"),
        (60, 90, "use"),
    ]


def test_a_complaint_before_the_first_order_is_only_a_touch() -> None:
    assert life(complaint(0), order(10)) == [
        (0, 10, "awareness"),
        (10, 40, "purchase"),
        (40, 100, "use"),
        (100, 190, "decline (silence)"),
        (190, None, "churn"),
    ]


def test_a_complaint_at_the_instant_of_an_order_comes_after_it() -> None:
    assert life(complaint(0), order(0))[:2] == [
        (0, 60, "decline (dissatisfaction)"),
        (60, 90, "use"),
    ]
    assert stages(order(0), complaint(20), order(20))[:2] == [
        (0, "purchase"),
        (20, "decline (dissatisfaction)"),
    ]


def test_silence_wins_over_dissatisfaction() -> None:
    assert life(order(0), complaint(80), complaint(100))[2:] == [
        (80, 90, "decline (dissatisfaction)"),
        (90, 180, "decline (silence)"),
        (180, None, "churn"),
    ]


def test_dissatisfaction_that_ends_with_silence() -> None:
    assert life(order(0), complaint(40))[2:4] == [
        (40, 90, "decline (dissatisfaction)"),
        (90, 180, "decline (silence)"),
    ]


def test_a_complaint_in_churn_shows_nothing() -> None:
    assert life(order(0), complaint(200)) == life(order(0))


def test_decline_by_dissatisfaction_covers_winback_which_shows_again() -> None:
    rules = replace(WORKED, dissatisfaction_window_days=5)
    assert life(order(0), order(200), complaint(210), rules=rules)[4:8] == [
        (200, 210, "winback"),
        (210, 215, "decline (dissatisfaction)"),
        (215, 230, "winback"),
        (230, 290, "retention"),
    ]


def test_a_complaint_with_the_order_that_ends_a_churn() -> None:
    assert life(order(0), order(200), complaint(200))[2:5] == [
        (90, 180, "decline (silence)"),
        (180, 200, "churn"),
        (200, 260, "decline (dissatisfaction)"),
    ]


# --- advocacy ---------------------------------------------------------------------


def test_advocacy_shows_over_retention_until_its_window_is_over() -> None:
    rules = replace(WORKED, advocacy_window_days=20)
    assert life(order(0), order(10), referral(15), rules=rules)[1:4] == [
        (10, 15, "retention"),
        (15, 35, "advocacy"),
        (35, 100, "retention"),
    ]


def test_advocacy_does_not_show_over_purchase_and_use() -> None:
    assert life(order(0), referral(10)) == life(order(0))


def test_advocacy_shows_as_soon_as_retention_holds() -> None:
    rules = replace(WORKED, advocacy_window_days=20)
    assert life(order(0), referral(5), order(10), rules=rules)[:3] == [
        (0, 10, "purchase"),
        (10, 25, "advocacy"),
        (25, 100, "retention"),
    ]


def test_an_advocacy_signal_from_before_the_first_order_counts() -> None:
    assert life(referral(0), order(10), order(20))[:3] == [
        (0, 10, "awareness"),
        (10, 20, "purchase"),
        (20, 110, "advocacy"),
    ]


def test_an_order_does_not_end_advocacy() -> None:
    rules = replace(WORKED, advocacy_window_days=20)
    events = (order(0), order(10), referral(15), order(20), order(25))
    assert life(*events, rules=rules)[2:4] == [(15, 35, "advocacy"), (35, 115, "loyalty")]


def test_overlapping_advocacy_is_one_stretch() -> None:
    rules = replace(WORKED, advocacy_window_days=20)
    assert life(order(0), order(10), referral(15), referral(35), rules=rules)[2:4] == [
        (15, 55, "advocacy"),
        (55, 100, "retention"),
    ]


def test_winback_covers_advocacy() -> None:
    assert life(order(0), order(200), referral(205))[4:6] == [
        (200, 230, "winback"),
        (230, 290, "advocacy"),
    ]


def test_dissatisfaction_covers_advocacy_which_shows_again() -> None:
    rules = replace(WORKED, dissatisfaction_window_days=10)
    assert life(order(0), order(10), referral(15), complaint(20), rules=rules)[1:5] == [
        (10, 15, "retention"),
        (15, 20, "advocacy"),
        (20, 30, "decline (dissatisfaction)"),
        (30, 100, "advocacy"),
    ]


def test_silence_ends_advocacy_and_an_order_within_the_window_shows_it_again() -> None:
    assert life(order(0), order(10), referral(15), order(120))[2:5] == [
        (15, 100, "advocacy"),
        (100, 120, "decline (silence)"),
        (120, 195, "advocacy"),
    ]


def test_an_order_at_the_end_of_advocacy_shows_the_base() -> None:
    rules = replace(WORKED, advocacy_window_days=20)
    events = (order(0), order(10), referral(15), order(35))
    assert life(*events, rules=rules)[2:4] == [(15, 35, "advocacy"), (35, 125, "retention")]


# --- threshold modes --------------------------------------------------------------

POPULATION = replace(WORKED, threshold_mode="population")
PERSONAL = replace(
    WORKED,
    threshold_mode="personal",
    personal_decline_factor=Decimal("2.5"),
    personal_churn_factor=Decimal(4),
    personal_min_gaps=2,
    min_decline_days=1,
    max_decline_days=500,
    min_churn_days=2,
    max_churn_days=900,
)


def boundaries(*order_days: float, rules: Thresholds) -> tuple[float | None, float | None, str]:
    """(days to decline, days to churn, mode) after the last of the orders."""
    spans = lifecycle_spans([order(at) for at in order_days], rules, None, berlin_date)
    ends = [in_days(span.valid_from - timedelta(days=order_days[-1])) for span in spans[-2:]]
    return (*ends, spans[-1].threshold_mode)  # type: ignore[return-value]


def test_population_figures_count_when_they_are_fitted() -> None:
    assert modes(visit(0), order(10), rules=POPULATION, population=(50, 70)) == [
        (0, "awareness", "fixed"),
        (10, "purchase", "population"),
        (40, "use", "population"),
        (60, "decline (silence)", "population"),
        (80, "churn", "population"),
    ]


def test_without_fitted_figures_the_fixed_ones_count() -> None:
    assert modes(order(0), rules=POPULATION)[-1] == (180, "churn", "fixed")


def test_fitted_figures_do_not_count_in_another_mode() -> None:
    assert modes(order(0), rules=WORKED, population=(50, 70))[-1] == (180, "churn", "fixed")


def test_personal_days_are_the_median_gap_times_a_factor() -> None:
    assert boundaries(0, 10, 30, rules=PERSONAL) == (38, 60, "personal")  # 15 x 2.5 = 37.5
    assert boundaries(0, 10, 30, 60, rules=PERSONAL) == (50, 80, "personal")


def test_personal_days_need_enough_gaps() -> None:
    assert boundaries(0, 10, rules=PERSONAL) == (90, 180, "fixed")
    one = replace(PERSONAL, personal_min_gaps=1)
    assert boundaries(0, 10, rules=one) == (25, 40, "personal")
    assert boundaries(0, rules=replace(PERSONAL, personal_min_gaps=0)) == (90, 180, "fixed")


def test_personal_days_round_half_up() -> None:
    half = replace(PERSONAL, personal_min_gaps=1, personal_decline_factor=Decimal("0.5"))
    assert boundaries(0, 5, rules=half)[0] == 3  # 2.5, where half-even gives 2
    assert boundaries(0, 7, rules=half)[0] == 4  # 3.5
    below = replace(half, personal_decline_factor=Decimal("0.49"))
    assert boundaries(0, 5, rules=below)[0] == 2  # 2.45


def test_personal_days_are_clamped() -> None:
    floor = replace(PERSONAL, min_decline_days=45, min_churn_days=70)
    assert boundaries(0, 10, 20, rules=floor) == (45, 70, "personal")
    ceiling = replace(PERSONAL, max_decline_days=20, max_churn_days=30)
    assert boundaries(0, 10, 20, rules=ceiling) == (20, 30, "personal")


def test_personal_days_use_the_last_ten_gaps() -> None:
    early = [0, 100, 200, 300, 400]
    late = [400 + 2 * step for step in range(1, 11)]
    assert boundaries(*early, *late, rules=PERSONAL) == (5, 8, "personal")
    # One late gap less: ten gaps are then nine of 2 and one of 100. The median stays;
    # four early ones against six late ones would move it only without the limit.
    assert boundaries(*early, *late[:5], rules=PERSONAL)[0] == 5
    assert boundaries(*early, *late[:4], rules=PERSONAL)[0] == 128  # (2 + 100) / 2 x 2.5


def test_ten_gaps_and_not_eleven() -> None:
    days = [0, 60, 61, 62, 63, 64, 65, 95, 125, 155, 185, 215]
    # Gaps: 60, five of 1, ... The last ten hold five of 1 and five of 30: 15.5 x 2.5;
    # with the 60 the median would be 30.
    assert [later - earlier for earlier, later in pairwise(days)] == [60] + [1] * 5 + [30] * 5
    assert boundaries(*days, rules=PERSONAL)[0] == 39


def test_personal_gaps_are_between_purchase_days() -> None:
    """Two orders on one business day are one purchase day."""
    assert boundaries(0, 0.1, 10, rules=PERSONAL) == (90, 180, "fixed")
    assert boundaries(0, 10, 10.1, 30, 30.1, rules=PERSONAL) == (38, 60, "personal")


def test_the_purchase_day_is_the_business_day() -> None:
    """22:30 and 23:30 UTC in January are two days in Berlin, 23:30 and 00:30 one."""
    one_gap = replace(PERSONAL, personal_min_gaps=1)

    def mode(first: datetime, second: datetime) -> str:
        events = [Event(first, "order"), Event(second, "order")]
        return lifecycle_spans(events, one_gap, None, berlin_date)[-1].threshold_mode

    assert mode(datetime(2024, 1, 1, 22, 30), datetime(2024, 1, 1, 23, 30)) == "personal"
    assert mode(datetime(2024, 1, 1, 23, 30), datetime(2024, 1, 2, 0, 30)) == "fixed"


def test_personal_days_know_only_what_came_before_the_order() -> None:
    spans = modes(order(0), order(10), order(50), order(51), rules=PERSONAL)
    # At 50: gaps 10 and 40, 25 x 2.5. At 51: 10, 40, 1, so 10 x 2.5.
    assert spans[-2:] == [
        (51 + 25, "decline (silence)", "personal"),
        (51 + 40, "churn", "personal"),
    ]
    assert boundaries(0, 10, 50, rules=PERSONAL)[0] == 63


def test_personal_days_decide_winback() -> None:
    rules = replace(PERSONAL, personal_min_gaps=1)  # churn 40 days after a gap of 10
    assert (50 + SECOND, "winback") in stages(order(0), order(10), order(50 + SECOND), rules=rules)
    assert "winback" not in {
        name for _, name in stages(order(0), order(10), order(50), rules=rules)
    }


def test_a_clamp_may_let_churn_swallow_decline() -> None:
    rules = replace(PERSONAL, min_decline_days=50, max_decline_days=50, max_churn_days=50)
    assert stages(order(0), order(10), order(20), rules=rules)[-2:] == [
        (10, "retention"),
        (60, "churn"),
    ]


def test_a_merged_span_keeps_the_mode_of_its_start() -> None:
    assert modes(order(0), order(10), order(20), rules=PERSONAL) == [
        (0, "purchase", "fixed"),
        (10, "retention", "fixed"),
        (45, "decline (silence)", "personal"),
        (60, "churn", "personal"),
    ]


# --- the same rules by definition, at one instant ---------------------------------


def by_definition(
    now: datetime, events: Sequence[Event], rules: Thresholds, population: tuple[int, int] | None
) -> tuple[str, str | None] | None:
    """(stage, detail) at one instant, from definitions and the whole past each time."""
    past = [event for event in events if event.at <= now]
    moments = sorted({event.at for event in past if event.kind == "order"})
    if not past:
        return None
    if not moments:
        return _prospect_by_definition(now, past, rules)
    last = moments[-1]
    decline_days, churn_days = _days_by_definition(moments, rules, population)
    if now >= last + timedelta(days=churn_days):
        return "churn", None
    if now >= last + timedelta(days=decline_days):
        return "decline", "silence"
    dissatisfied = timedelta(days=rules.dissatisfaction_window_days)
    if any(
        e.kind == "dissatisfaction" and e.at >= last and now < e.at + dissatisfied for e in past
    ):
        return "decline", "dissatisfaction"
    if len(moments) > 1:
        _, earlier_churn = _days_by_definition(moments[:-1], rules, population)
        is_winback = last > moments[-2] + timedelta(days=earlier_churn)
        if is_winback and now < last + timedelta(days=rules.winback_days):
            return "winback", None
    if len(moments) == 1:
        over = now >= last + timedelta(days=rules.onboarding_days)
        return ("use" if over else "purchase"), None
    advocates = timedelta(days=rules.advocacy_window_days)
    if any(e.kind == "advocacy" and now < e.at + advocates for e in past):
        return "advocacy", None
    opens = last - timedelta(days=rules.loyalty_window_days)
    value = sum(e.value for e in past if e.kind == "order" and e.at > opens)
    count = sum(at > opens for at in moments)
    needed = rules.loyalty_min_amount
    if count >= rules.loyalty_min_orders or (needed is not None and value >= needed):
        return "loyalty", None
    return "retention", None


def _prospect_by_definition(
    now: datetime, past: list[Event], rules: Thresholds
) -> tuple[str, str | None]:
    lapse = timedelta(days=rules.prospect_lapse_days)
    inbound = sorted(
        {e.at for e in past if e.direction == "inbound" or e.kind != "touch" or e.signal != "none"}
    )
    anchors = sorted({min(e.at for e in past), *inbound})
    if now >= anchors[-1] + lapse:
        return "lost_prospect", None
    starts = [at for before, at in pairwise(anchors) if at > before + lapse]
    episode = starts[-1] if starts else anchors[0]
    signals = {e.signal for e in past if e.kind == "touch" and e.at >= episode}
    for detail in ("intent", "interest"):
        if detail in signals:
            return "consideration", detail
    return "awareness", None


def _days_by_definition(
    moments: list[datetime], rules: Thresholds, population: tuple[int, int] | None
) -> tuple[int, int]:
    if rules.threshold_mode == "population" and population:
        return population
    days = sorted({berlin_date(at) for at in moments})
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    if rules.threshold_mode != "personal" or len(gaps) < rules.personal_min_gaps:
        return rules.decline_days, rules.churn_days
    last_ten = sorted(gaps[-10:])
    half = len(last_ten) // 2
    twice = 2 * last_ten[half] if len(last_ten) % 2 else last_ten[half - 1] + last_ten[half]

    def scaled(factor: Decimal, low: int, high: int) -> int:
        hundredths = int(twice * factor * 100)  # two medians, in hundredths of a day
        return sorted((low, (hundredths + 100) // 200, high))[1]

    return (
        scaled(rules.personal_decline_factor, rules.min_decline_days, rules.max_decline_days),
        scaled(rules.personal_churn_factor, rules.min_churn_days, rules.max_churn_days),
    )


def assert_life_holds(
    customer: Customer, rules: Thresholds, population: tuple[int, int] | None
) -> None:
    """The invariants of the spans, and the stage by definition where anything may happen."""
    events = to_events(customer)
    spans = lifecycle_spans(events, rules, population, berlin_date)
    assert bool(spans) == bool(events)
    if not events:
        return
    assert spans[0].valid_from == min(event.at for event in events)
    assert spans[-1].valid_to is None
    is_buyer = any(event.kind == "order" for event in events)
    assert spans[-1].stage == ("churn" if is_buyer else "lost_prospect")
    for span, following in pairwise(spans):
        assert span.valid_to == following.valid_from > span.valid_from
        assert (span.stage, span.stage_detail) != (following.stage, following.stage_detail)
    for span in spans:
        has_detail = span.stage in ("consideration", "decline")
        assert (span.stage_detail is not None) == has_detail
        assert is_buyer or span.stage not in BUYER_STAGES
    tick = timedelta(seconds=1)
    edges = {span.valid_from for span in spans} | {event.at for event in events}
    edges |= {
        event.at + timedelta(days=getattr(rules, column.name))
        for event in events
        for column in fields(Thresholds)
        if column.name.endswith("_days")
    }
    for now in sorted({edge + beside for edge in edges for beside in (-tick, 0 * tick, tick)}):
        shown = [
            s for s in spans if s.valid_from <= now and (s.valid_to is None or now < s.valid_to)
        ]
        seen = (shown[0].stage, shown[0].stage_detail) if shown else None
        assert seen == by_definition(now, events, rules, population), now


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(scenarios(max_customers=2))
def test_walking_in_time_agrees_with_the_definitions(scenario: Scenario) -> None:
    for customer in scenario.company:
        kind = customer.customer_type
        assert_life_holds(customer, scenario.thresholds[kind], scenario.population.get(kind))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_seeded_company_agrees_with_the_definitions(mode: str, number: int) -> None:
    thresholds = random_thresholds(number, mode)
    population = random_population(number, thresholds)
    for customer in random_company(number, 60, thresholds, population):
        kind = customer.customer_type
        assert_life_holds(customer, thresholds[kind], population.get(kind))


# --- segments ---------------------------------------------------------------------

ORDER_MEAN, CUSTOMER_MEAN = Decimal(100), Decimal(300)


def bought(number: float, value: str = "100", units: str = "1") -> SegmentOrder:
    return SegmentOrder(day(number), Decimal(value), Decimal(units))


def segments(
    *orders: SegmentOrder,
    first: float | None = None,
    rules: Sequence[SegmentRule] | None = None,
    customer_mean: Decimal = CUSTOMER_MEAN,
) -> list[Row]:
    starts = [] if first is None else [day(first)]
    spans = segment_spans(
        orders,
        default_segment_rules() if rules is None else rules,
        ORDER_MEAN,
        customer_mean,
        Decimal("1.5"),
        min([*starts, *[order.at for order in orders]], default=None),
    )
    return [(in_days(start), in_days(end), name) for name, start, end in spans]


def test_without_a_life_no_segments() -> None:
    assert segments() == []


def test_without_an_order_a_prospect() -> None:
    assert segments(first=3) == [(3, None, "prospect")]


def test_a_one_time_buyer_from_prospect_to_about_to_lose() -> None:
    assert segments(bought(10), first=0) == [
        (0, 10, "prospect"),
        (10, 50, "recent"),
        (50, 100, "needs_nurturing"),
        (100, 190, "at_risk"),
        (190, None, "about_to_lose"),
    ]


def test_a_first_event_that_is_an_order_leaves_no_prospect() -> None:
    assert segments(bought(0), first=0)[0] == (0, 40, "recent")


def test_two_orders_make_loyal() -> None:
    assert segments(bought(0), bought(10))[:3] == [
        (0, 10, "recent"),
        (10, 50, "loyal"),
        (50, 100, "needs_nurturing"),
    ]


def test_a_window_ends_at_its_instant_and_an_order_there_goes_on() -> None:
    assert segments(bought(0), bought(40))[:2] == [(0, 40, "recent"), (40, 80, "loyal")]
    assert segments(bought(0), bought(40 + SECOND))[:3] == [
        (0, 40, "recent"),
        (40, 40 + SECOND, "needs_nurturing"),
        (40 + SECOND, 80 + SECOND, "loyal"),
    ]


def test_two_high_value_orders_make_a_champion_for_forty_days() -> None:
    assert segments(bought(0, "150"), bought(10, "150"))[:3] == [
        (0, 10, "recent"),
        (10, 50, "champion"),
        (50, 100, "high_potential"),
    ]


def test_high_value_is_from_the_factor_on() -> None:
    assert segments(bought(0, "150"), bought(10, "149.99"))[1][2] == "loyal"


def test_the_recency_of_high_value_counts_from_its_own_order() -> None:
    assert segments(bought(0, "150"), bought(10, "150"), bought(30))[1:4] == [
        (10, 50, "champion"),
        (50, 70, "loyal"),
        (70, 120, "high_potential"),
    ]


def test_a_later_high_value_order_makes_a_champion_again() -> None:
    events = (bought(0, "150"), bought(10, "150"), bought(100, "200"))
    assert segments(*events)[2:4] == [(50, 100, "high_potential"), (100, 140, "champion")]


def test_orders_of_one_instant_are_one_order_of_their_sum() -> None:
    assert segments(bought(0, "75"), bought(0, "75"))[:2] == [
        (0, 40, "recent"),
        (40, 90, "high_potential"),
    ]


def test_one_high_value_order_is_high_potential() -> None:
    assert segments(bought(0, "150"))[1] == (40, 90, "high_potential")


def test_three_orders_are_high_potential() -> None:
    assert segments(bought(0), bought(1), bought(2))[2:4] == [
        (42, 92, "high_potential"),
        (92, 182, "at_risk"),
    ]


def test_much_spent_and_bought_is_cannot_lose() -> None:
    orders = (bought(0, "149"), bought(1, "149"), bought(2, "149"), bought(3, "153"))
    assert segments(*orders)[1:] == [(1, 43, "loyal"), (43, None, "cannot_lose")]
    less = (*orders[:3], bought(3, "152.99"))
    assert segments(*less)[2] == (43, 93, "high_potential")
    assert segments(bought(0, "200"), bought(1, "200"), bought(2, "200"))[-1][2] == "about_to_lose"


def test_neighbours_of_one_segment_merge() -> None:
    assert segments(bought(0), bought(10), bought(20))[1] == (10, 60, "loyal")
    both = (bought(0, "150"), bought(1), bought(2))
    assert segments(*both)[2] == (42, 92, "high_potential")  # rules 5 and 6


def test_the_lowest_priority_number_wins_whatever_the_order_of_rules() -> None:
    assert segments(bought(0), rules=default_segment_rules()[::-1]) == segments(bought(0))


def test_a_minimum_recency_begins_at_its_instant() -> None:
    rules = [SegmentRule(1, "quiet", min_recency_days=20), SegmentRule(2, "lively")]
    assert segments(bought(0), bought(20), rules=rules) == [(0, 40, "lively"), (40, None, "quiet")]


def test_recency_of_high_value_never_holds_without_one() -> None:
    rules = [
        SegmentRule(1, "was_rich", min_high_value_recency_days=20),
        SegmentRule(2, "is_rich", max_high_value_recency_days=20),
        SegmentRule(3, "other"),
    ]
    assert segments(bought(0), bought(5, "150"), rules=rules) == [
        (0, 5, "other"),
        (5, 25, "is_rich"),
        (25, None, "was_rich"),
    ]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (SegmentRule(1, "hit", min_orders=2, max_orders=2), [(10, 20)]),
        (SegmentRule(1, "hit", max_orders=1), [(0, 10)]),
        (SegmentRule(1, "hit", max_high_value_orders=1), [(0, 20)]),
        (SegmentRule(1, "hit", min_high_value_orders=2), [(20, None)]),
        (SegmentRule(1, "hit", min_units=Decimal(5)), [(10, None)]),
        (SegmentRule(1, "hit", max_units=Decimal(5)), [(0, 20)]),
        (SegmentRule(1, "hit", min_relative_value=Decimal(1)), [(10, None)]),
        (SegmentRule(1, "hit", max_relative_value=Decimal(1)), [(0, 20)]),
    ],
)
def test_bounds_are_inclusive(
    rule: SegmentRule, expected: list[tuple[float, float | None]]
) -> None:
    orders = (bought(0, "150", "2"), bought(10, "140", "3"), bought(20, "150", "1"))
    spans = segments(*orders, rules=[rule, SegmentRule(2, "rest")], customer_mean=Decimal(290))
    assert [(start, end) for start, end, name in spans if name == "hit"] == expected


def test_rules_that_leave_a_buyer_out_say_so() -> None:
    with pytest.raises(ValueError, match="No segment rule matches"):
        segments(bought(0), rules=[SegmentRule(1, "recent", max_recency_days=40)])


def test_segment_spans_are_contiguous_and_neighbours_differ() -> None:
    company = random_company(5, 300)
    means = {kind: (Decimal(50), Decimal(150)) for kind in ("b2c", "b2b")}
    rows = expected_segments(company, default_segment_rules(), means)
    assert len(rows) > 300
    for (one, number, segment, start, end), (other, next_number, following, begin, _) in pairwise(
        rows
    ):
        if one == other:
            assert (next_number, begin) == (number + 1, end)
            assert segment != following
            assert start < begin
        else:
            assert end is None
            assert next_number == 1


# --- raw rows to events -----------------------------------------------------------


def kinds(customer: Customer) -> list[tuple[float | None, str]]:
    return [(in_days(event.at), event.kind) for event in to_events(customer)]


def customer_with_order(*refunds: RawRefund, status: str = "completed") -> Customer:
    sale = RawOrder("o1", day(0), status, Decimal(50), discount_amount=Decimal(10))
    return Customer("c1", "b2c", orders=[sale], refunds=list(refunds))


def refund(number: float, amount: str, reason: str | None = None) -> RawRefund:
    return RawRefund(f"r{number}", "o1", day(number), Decimal(amount), reason)


def test_an_order_counts_with_its_value_net_of_discount_and_refunds() -> None:
    assert to_events(customer_with_order())[0].value == Decimal(40)
    assert to_events(customer_with_order(refund(2, "10"), refund(3, "5")))[0].value == Decimal(25)


@pytest.mark.parametrize("status", ["cancelled", "test"])
def test_an_order_that_is_no_sale_is_no_event(status: str) -> None:
    assert kinds(customer_with_order(status=status)) == []


def test_a_zero_order_is_no_event() -> None:
    free = RawOrder("o1", day(0), "completed", Decimal(25), discount_amount=Decimal(25))
    assert kinds(Customer("c1", "b2c", orders=[free])) == []


def test_a_fully_refunded_order_never_counted() -> None:
    assert kinds(customer_with_order(refund(2, "40"))) == []
    assert kinds(customer_with_order(refund(2, "15"), refund(3, "25"))) == []
    assert kinds(customer_with_order(refund(2, "39.99"))) == [(0, "order")]


def test_a_quality_refund_is_a_signal_even_of_an_order_that_never_counted() -> None:
    assert kinds(customer_with_order(refund(2, "5", QUALITY_REASON))) == [
        (0, "order"),
        (2, "dissatisfaction"),
    ]
    assert kinds(customer_with_order(refund(2, "40", QUALITY_REASON))) == [(2, "dissatisfaction")]


@pytest.mark.parametrize("reason", [None, OTHER_REASON])
def test_a_refund_for_another_reason_is_no_event(reason: str | None) -> None:
    assert kinds(customer_with_order(refund(2, "5", reason))) == [(0, "order")]


def test_a_refund_of_no_order_in_particular_lowers_no_order() -> None:
    loose = RawRefund("r1", None, day(2), Decimal(40), QUALITY_REASON)
    assert kinds(customer_with_order(loose)) == [(0, "order"), (2, "dissatisfaction")]


def test_scores_complaints_and_sign_up() -> None:
    customer = Customer(
        "c1",
        "b2b",
        registered_at=day(9),
        feedback=[
            RawFeedback("f1", day(1), "csat", 1),
            RawFeedback("f2", day(2), "csat", 4),
            RawFeedback("f3", day(3), "nps", 6),
            RawFeedback("f4", day(4), "nps", 7),
            RawFeedback("f5", day(5), "nps", 9),
        ],
        tickets=[
            RawTicket("t1", day(6), True),
            RawTicket("t2", day(7), False),
            RawTicket("t3", day(8), None),
        ],
    )
    assert kinds(customer) == [
        (1, "dissatisfaction"),
        (2, "touch"),
        (3, "dissatisfaction"),
        (4, "touch"),
        (5, "advocacy"),
        (6, "dissatisfaction"),
        (7, "touch"),
        (8, "touch"),
        (9, "touch"),
    ]
    assert to_events(customer)[-1].signal == "interest"


@pytest.mark.parametrize("name", list(INTERACTION_TYPES))
def test_interactions_mean_what_their_type_says(name: str) -> None:
    direction, signal = INTERACTION_TYPES[name]
    (event,) = to_events(Customer("c1", "b2c", interactions=[RawInteraction("i1", day(0), name)]))
    is_touch = signal in ("none", "interest", "intent")
    assert event.kind == ("touch" if is_touch else signal)
    assert (event.direction, event.signal) == (direction, signal if is_touch else "none")


def test_the_business_day_is_that_of_berlin() -> None:
    assert berlin_date(datetime(2024, 1, 1, 22, 59, 59)) == date(2024, 1, 1)
    assert berlin_date(datetime(2024, 1, 1, 23)) == date(2024, 1, 2)
    assert berlin_date(datetime(2024, 7, 1, 22)) == date(2024, 7, 2)


def test_raw_tables_hold_every_row_with_the_columns_of_the_contract() -> None:
    company = random_company(7, 200)
    tables = to_raw_tables(company)
    assert set(tables) == set(RAW_COLUMNS)
    for table, rows in tables.items():
        keys = [row[RAW_COLUMNS[table].split()[0]] for row in rows]
        assert len(set(keys)) == len(keys) > 0
        assert all(list(row) == RAW_COLUMNS[table].split() for row in rows)
    assert len(tables["orders"]) == sum(len(customer.orders) for customer in company)
    assert {row["customer_id"] for row in tables["refunds"]} <= {c.customer_id for c in company}


def test_expected_spans_are_numbered_per_person() -> None:
    company: Company = [
        Customer("c2", "b2c", interactions=[RawInteraction("i1", day(0), "visit")]),
        Customer("c1", "b2c"),
    ]
    assert expected_spans(company, default_thresholds()) == [
        ("person:c2", 1, "awareness", None, day(0), day(120), "fixed"),
        ("person:c2", 2, "lost_prospect", None, day(120), None, "fixed"),
    ]


# --- the generators ---------------------------------------------------------------


def test_a_seed_gives_the_same_company() -> None:
    assert random_company(3, 50) == random_company(3, 50)
    assert random_company(3, 50) != random_company(4, 50)


def test_hypothesis_gives_the_same_company_of_the_size_asked() -> None:
    company = hypothesis_company(40, default_thresholds())
    assert len({customer.customer_id for customer in company}) == len(company) == 40
    assert company == hypothesis_company(40, default_thresholds())


def test_every_instant_is_plausible() -> None:
    for customer in random_company(9, 500):
        for event in to_events(customer):
            assert datetime(2019, 1, 1) < event.at < datetime(2025, 1, 1)
            assert event.at.replace(tzinfo=UTC).microsecond == 0


@pytest.mark.parametrize("mode", MODES)
def test_random_companies_reach_every_stage_mode_and_segment(mode: str) -> None:
    """A generator that stopped reaching a stage would prove nothing about it."""
    thresholds = random_thresholds(11, mode)
    population = dict.fromkeys(thresholds, (50, 90))
    company = random_company(11, 600, thresholds, population)
    rows = expected_spans(company, thresholds, population)
    assert {row[2] for row in rows} == BUYER_STAGES | {
        "awareness", "consideration", "lost_prospect",
    }  # fmt: skip
    assert {row[3] for row in rows} == {
        None, "interest", "intent", "silence", "dissatisfaction",
    }  # fmt: skip
    assert {row[6] for row in rows} == {"fixed", mode}
    means = {kind: (Decimal(50), Decimal(150)) for kind in thresholds}
    segments_reached = {
        row[2] for row in expected_segments(company, default_segment_rules(), means)
    }
    assert segments_reached == {rule.segment for rule in default_segment_rules()} | {"prospect"}


@settings(max_examples=200, deadline=None)
@given(st.one_of(threshold_sets(), *(threshold_sets(mode) for mode in MODES)))
def test_random_thresholds_do_not_contradict_each_other(thresholds: dict[str, Thresholds]) -> None:
    assert set(thresholds) == {"b2c", "b2b"}
    for rules in thresholds.values():
        assert 0 < rules.onboarding_days < rules.decline_days < rules.churn_days
        assert rules.onboarding_days < rules.min_decline_days <= rules.max_decline_days
        assert rules.min_decline_days < rules.min_churn_days <= rules.max_churn_days
        assert rules.max_decline_days < rules.max_churn_days
        assert 0 < rules.personal_decline_factor < rules.personal_churn_factor
        assert rules.threshold_mode in MODES


def write_csv(path: Path, rows: list[dict[str, object]]) -> None:
    lines = [",".join(rows[0])]
    lines += [",".join("" if v is None else str(v) for v in row.values()) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_seeds_are_read_as_they_are_written(tmp_path: Path) -> None:
    thresholds = random_thresholds(2)
    write_csv(tmp_path / "thresholds.csv", seed_rows(thresholds.values()))
    assert read_thresholds(tmp_path / "thresholds.csv") == thresholds
    write_csv(tmp_path / "rules.csv", seed_rows(default_segment_rules()))
    assert read_segment_rules(tmp_path / "rules.csv") == default_segment_rules()


def test_a_seed_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    rows = seed_rows(default_thresholds().values())
    rows[0]["churn_days"] = "soon"
    write_csv(tmp_path / "thresholds.csv", rows)
    with pytest.raises(ValueError, match=r"thresholds\.csv.*correct the row"):
        read_thresholds(tmp_path / "thresholds.csv")
