"""Answers to "why": one customer's events, stages and segments, each with its rule and numbers.

Everything comes from tables of the warehouse; what is done here is to find the event and the
threshold that belong together, and to say them.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from lifecycle.connection import Run, cursor, duckdb_file
from lifecycle.errors import UserError
from lifecycle.files import literal, quote

Row = dict[str, Any]
Section = tuple[str, list[tuple[str, ...]], list[str]]

SHOWN_EVENTS = 30
EMAIL = re.compile(r"[^\s@:,]+@[^\s@,]+")
FORMS = (
    "Give a customer_id of the marts (person:…, account:…, anonymous:…), or a customer_id, "
    "account_id or anonymous_id of the sources"
)
# Columns that earlier versions did not build: without them nothing can be explained.
NEEDED = {
    ("int_churn_clocks", "median_gap_days"),
    ("int_purchase_moments", "window_moments"),
    ("int_segment_points", "high_value_moments"),
    ("entry_reasons", "text_en"),
    ("lifecycle_spans", "entry_reason"),
    ("segment_spans", "segment"),
}
THRESHOLDS = (
    "threshold_mode, onboarding_days, winback_days, prospect_lapse_days, advocacy_window_days,"
    " dissatisfaction_window_days, loyalty_window_days, loyalty_min_orders, loyalty_min_amount,"
    " population_decline_quantile, population_churn_quantile, personal_decline_factor,"
    " personal_churn_factor, personal_min_gaps, min_decline_days, max_decline_days,"
    " min_churn_days, max_churn_days"
)
# What a bound of a segment rule is about.
BOUNDS = {
    "recency_days": "days since the last order",
    "orders": "orders",
    "high_value_orders": "high-value orders",
    "high_value_recency_days": "days since the last high-value order",
    "relative_value": "times the mean customer value",
    "units": "pieces",
}
# How a window's end is told from where it began: the signal that opened it.
SIGNALS = {
    "advocacy_window_days": "advocacy",
    "dissatisfaction_window_days": "dissatisfaction",
}


class Facts(NamedTuple):
    """What the warehouse says about one customer, and the policy that holds for its type."""

    as_of: datetime
    customer: Row
    events: list[Row]
    moments: list[Row]
    stages: list[Row]
    segments: list[Row]
    points: dict[datetime, Row]
    thresholds: Row
    parameters: dict[str, Row]
    rules: dict[int, Row]
    reasons: dict[tuple[str, str | None], Row]


class End(NamedTuple):
    """The end of a window of a segment rule: its days, since when, and words for it."""

    days: int
    since: datetime
    text: str


def explain(
    project: Path,
    customer: str,
    target: str | None = None,
    prefix: str = "",
    all_events: bool = False,
) -> Row:
    """Everything about one customer, as dicts and lists of plain values (times are UTC).

    `customer` is a customer_id of the marts, or a customer_id, account_id or anonymous_id of the
    sources; `prefix` the build's schema_prefix. Keys: as_of, customer, left_out (events before
    the last 30, unless `all_events`), events, stages, segments, next. E-mail addresses in ids are
    masked. Raises UserError when there is no such customer, more than one, or no build.
    """
    with cursor(project, target, duckdb_file(project, target)) as run:
        read = Reader(run, prefix)
        read.check()
        return life_of(read_facts(read, resolve(read, customer)), all_events)


def life_of(facts: Facts, all_events: bool = False) -> Row:
    """What `explain` returns, from the facts."""
    stages = [stage_entry(span, facts) for span in facts.stages]
    segments = [segment_entry(span, facts) for span in facts.segments]
    shown = facts.events if all_events else facts.events[-SHOWN_EVENTS:]
    return masked(
        {
            "as_of": facts.as_of,
            "customer": facts.customer,
            "left_out": len(facts.events) - len(shown),
            "events": shown,
            "stages": stages,
            "segments": segments,
            "next": {"stage": following(stages), "segment": following(segments)},
        }
    )


# Reading


class Reader:
    """Rows of the build's tables as dicts."""

    def __init__(self, run: Run, prefix: str) -> None:
        self.run, self.prefix = run, prefix

    def table(self, layer: str, name: str) -> str:
        """A table's name in SQL."""
        return f"{quote(self.prefix + layer)}.{name}"

    def rows(self, columns: str, source: str) -> list[Row]:
        """The rows of `select columns from source`, keyed by the columns' names."""
        names = [re.split(r" as |\.", column)[-1].strip() for column in columns.split(",")]
        found = self.run(f"select {columns} from {source}")
        return [dict(zip(names, row, strict=True)) for row in found]

    def check(self) -> None:
        """Raise UserError when what is needed was not built."""
        schemas = [literal(self.prefix + layer) for layer in ("marts", "intermediate", "rules")]
        found = self.run(
            "select table_name, column_name from information_schema.columns"
            f" where table_schema in ({', '.join(schemas)})"
        )
        if not {tuple(row) for row in found} >= NEEDED:
            missing = sorted({table for table, _ in NEEDED - {tuple(row) for row in found}})
            raise UserError(
                f"The build in schema {self.prefix}marts cannot be explained: {', '.join(missing)} "
                "is missing or of an earlier version. Build first: lifecycle build"
            )


def resolve(read: Reader, given: str) -> str:
    """The customer_id of the marts that an id means. Raises UserError when none or several do."""
    given = given.strip()
    kind, _, rest = given.partition(":")
    id_ = rest if kind in ("person", "account", "anonymous") else given
    try:
        given.encode()
    except UnicodeEncodeError:
        id_ = given = ""
    customers = read.table("intermediate", "int_customers")
    if read.run(f"select 1 from {customers} where customer_id = {literal(given)}"):
        return given
    wanted = {
        "person": f"select customer_id from {read.table('intermediate', 'int_contacts')}"
        f" where contact_id = {literal(id_)}",
        "account": f"select customer_id from {customers}"
        f" where customer_id = {literal(f'account:{id_}')}",
        "anonymous": f"select customer_id from {read.table('intermediate', 'int_identities')}"
        f" where source_kind = 'anonymous' and source_id = {literal(id_)}",
    }
    queries = [wanted[kind]] if id_ != given else wanted.values()
    found = sorted({row[0] for row in read.run(" union ".join(queries))})
    if not found:
        raise UserError(f"There is no such customer in schema {read.prefix}marts. {FORMS}.")
    if len(found) > 1:
        raise UserError(
            f"This id leads to {len(found)} customers: {masked(', '.join(found))}. "
            "Give one of them."
        )
    return found[0]


def read_facts(read: Reader, customer_id: str) -> Facts:
    """Everything the explanation of one customer needs."""
    mine = f"where customer_id = {literal(customer_id)}"
    core = "marts", "intermediate", "rules"
    marts, ints, rules = (lambda name, layer=layer: read.table(layer, name) for layer in core)
    customer = read.rows(
        "customer_id, customer_kind, customer_type", f"{ints('int_customers')} {mine}"
    )[0]
    contacts = f"select contact_id from {ints('int_contacts')} {mine}"
    devices = f"select source_id from {ints('int_identities')} {mine} and source_kind = 'anonymous'"
    customer["contact_ids"] = sorted(row[0] for row in read.run(contacts))
    customer["anonymous_ids"] = sorted({row[0] for row in read.run(devices)})
    type_ = f"where customer_type = {literal(customer['customer_type'])}"
    events = read.rows(
        "events.occurred_at, events.kind_rank, events.event_kind, events.event_id,"
        " events.direction, events.signal, events.amount,"
        " touches.interaction_type, touches.channel",
        f"(select * from {ints('int_customer_events')} {mine}) as events"
        f" left join (select * from {ints('int_interactions')} {mine}) as touches"
        " on events.event_kind = 'interaction' and events.event_id = touches.interaction_id",
    )
    moments = read.rows(
        "moments.moment_number, moments.order_id, moments.purchased_at, moments.total_net_amount,"
        " moments.total_units, moments.window_moments, moments.window_amount,"
        " clocks.threshold_mode, clocks.decline_days, clocks.churn_days, clocks.known_gaps,"
        " clocks.median_gap_days",
        f"(select * from {ints('int_purchase_moments')} {mine}) as moments"
        f" inner join {ints('int_churn_clocks')} as clocks"
        " on moments.customer_id = clocks.customer_id"
        " and moments.moment_number = clocks.moment_number"
        " order by moments.moment_number",
    )
    points = read.rows(
        "entered_at, priority, moment_number, high_value_moments, high_value_at",
        f"{ints('int_segment_points')} {mine}",
    )
    bounds = ", ".join(f"min_{bound}, max_{bound}" for bound in BOUNDS)
    return Facts(
        as_of=read.run(f"select as_of from {marts('build_manifest')}")[0][0],
        customer=customer,
        events=sorted(
            events, key=lambda e: (e["occurred_at"], e.pop("kind_rank"), e["event_id"].encode())
        ),
        moments=moments,
        stages=read.rows(
            "span_number, stage, stage_detail, previous_stage, valid_from, valid_to, entry_reason,"
            " entry_event_id, threshold_mode",
            f"{marts('lifecycle_spans')} {mine} order by span_number",
        ),
        segments=read.rows(
            "span_number, segment, previous_segment, valid_from, valid_to",
            f"{marts('segment_spans')} {mine} order by span_number",
        ),
        points={point["entered_at"]: point for point in points},
        thresholds=read.rows(THRESHOLDS, f"{rules('lifecycle_thresholds')} {type_}")[0],
        parameters={
            row["parameter"]: row
            for row in read.rows(
                "parameter, value, cut_off, sample_size", f"{ints('int_parameters')} {type_}"
            )
        },
        rules={
            row["priority"]: row
            for row in read.rows(f"priority, segment, {bounds}", rules("segment_rules"))
        },
        reasons={
            (row["entry_reason"], row["stage"]): row
            for row in read.rows(
                "entry_reason, stage, threshold, text_en, prevented_by_en", rules("entry_reasons")
            )
        },
    )


# Stages


def stage_entry(span: Row, facts: Facts) -> Row:
    """A stage span with the words of its reason, its rule, its cause and the days in between."""
    reason = facts.reasons.get((span["entry_reason"], span["stage"]))
    reason = reason or facts.reasons[span["entry_reason"], None]
    days, rule = 0, None
    threshold = reason["threshold"]
    moment = moment_at(span["valid_from"], facts)
    if threshold in ("decline_days", "churn_days"):
        days, rule = moment[threshold], clock(threshold, moment, facts)
    elif threshold:
        days = facts.thresholds[threshold]
        rule = f"{threshold} of {facts.customer['customer_type']}"
    cause = cause_of(span, threshold, span["valid_from"] - timedelta(days=days), facts)
    return (
        span
        | standing(span, facts)
        | {
            "why": reason["text_en"].replace("{days}", str(days)),
            "rule": rule or rule_of_event(span, cause, facts),
            "cause": cause,
            "days": days,
            "prevented_by": reason["prevented_by_en"],
        }
    )


def standing(span: Row, facts: Facts) -> Row:
    """Whether a span has begun and is the one at `as_of`."""
    has_begun = span["valid_from"] < facts.as_of
    is_over = span["valid_to"] is not None and span["valid_to"] < facts.as_of
    return {"is_current": has_begun and not is_over, "is_scheduled": not has_begun}


def moment_at(instant: datetime, facts: Facts) -> Row | None:
    """The latest purchase moment at or before an instant."""
    return next((m for m in reversed(facts.moments) if m["purchased_at"] <= instant), None)


def cause_of(span: Row, threshold: str | None, instant: datetime, facts: Facts) -> Row | None:
    """The event at an instant that began a stage, or whose window's end did."""

    def fits(event: Row) -> bool:
        is_order = event["event_kind"] == "order"
        if threshold is None:
            by_order = span["entry_reason"].endswith("_order")
            return event["event_id"] == span["entry_event_id"] and is_order == by_order
        if threshold in SIGNALS:
            return event["signal"] == SIGNALS[threshold]
        if threshold == "prospect_lapse_days":
            return event["direction"] is not None
        return is_order

    return next((e for e in facts.events if e["occurred_at"] == instant and fits(e)), None)


def clock(threshold: str, moment: Row, facts: Facts) -> str:
    """Where the days to decline or churn after an order come from."""
    policy = facts.thresholds
    which = threshold.removesuffix("_days")
    if moment["threshold_mode"] == "personal":
        factor = policy[f"personal_{which}_factor"]
        product = moment["median_gap_days"] * factor
        said = (
            f"personal: median gap {number(moment['median_gap_days'])} days"
            f" × {number(factor)} = {number(product)}"
        )
        low, high = policy[f"min_{threshold}"], policy[f"max_{threshold}"]
        if not low <= product <= high:
            return f"{said}, held within {low} and {high}"
        return said if product == moment[threshold] else f"{said}, rounded to {moment[threshold]}"
    if moment["threshold_mode"] == "population":
        fit = facts.parameters[f"population_{threshold}"]
        quantile = number(policy[f"population_{which}_quantile"])
        return (
            f"population: quantile {quantile} of {fit['sample_size']} gaps between purchase days"
            f" before {when(fit['cut_off'])}"
        )
    said = f"{threshold} of {facts.customer['customer_type']}, fixed"
    if policy["threshold_mode"] == "personal":
        said += (
            f"; a personal clock needs {policy['personal_min_gaps']} gaps between purchase days, "
            f"{moment['known_gaps'] or 0} were known"
        )
    elif policy["threshold_mode"] == "population":
        said += "; there is no fit with enough gaps between purchase days"
    return said


def rule_of_event(span: Row, cause: Row | None, facts: Facts) -> str | None:
    """The rule and the numbers behind a stage that an event began."""
    policy, moment = facts.thresholds, moment_at(span["valid_from"], facts)
    reason = span["entry_reason"]
    if reason in ("repeat_order", "loyalty_order"):
        needed = [
            f"{number(policy[name])} {unit} ({name})"
            for name, unit in (("loyalty_min_orders", "orders"), ("loyalty_min_amount", "in value"))
            if policy[name] is not None
        ]
        said = (
            f"{moment['window_moments']} orders worth {money(moment['window_amount'])} within "
            f"{policy['loyalty_window_days']} days; loyalty needs {' or '.join(needed)}"
        )
        if span["stage"] == "advocacy":
            said += f", and the latest sign of advocacy counts {window('advocacy', facts)}"
        return said
    if reason == "winback_order":
        earlier = facts.moments[moment["moment_number"] - 2]
        return (
            f"the order before it was more than {earlier['churn_days']} days ago "
            f"({clock('churn_days', earlier, facts)})"
        )
    if reason == "first_order":
        return f"a second one is waited for {policy['onboarding_days']} days (onboarding_days)"
    if reason == "return_touch":
        return f"after silence of {policy['prospect_lapse_days']} days (prospect_lapse_days)"
    if reason == "advocacy_signal":
        return f"{meaning(cause)}; it counts {window('advocacy', facts)}"
    if reason == "dissatisfaction_signal":
        return f"{meaning(cause)}; it counts {window('dissatisfaction', facts)} or until an order"
    return meaning(cause) if reason in ("interest_signal", "intent_signal") else None


def window(signal: str, facts: Facts) -> str:
    """How long a signal counts."""
    threshold = f"{signal}_window_days"
    return f"for {facts.thresholds[threshold]} days ({threshold})"


def meaning(event: Row | None) -> str | None:
    """Which rule seed gave an event its signal."""
    if event is None:
        return None
    return {
        "interaction": f"{event['interaction_type']} means {event['signal']} (interaction_types)",
        "registration": "a sign-up means interest",
        "feedback": f"the score means {event['signal']} (survey_types)",
        "ticket": "a complaint",
        "refund": "the reason of the refund means dissatisfaction (reasons)",
    }.get(event["event_kind"])


# Segments


def segment_entry(span: Row, facts: Facts) -> Row:
    """A segment span with its rule, the customer's measures then, and what brought it about."""
    said = span | standing(span, facts)
    point = facts.points.get(span["valid_from"])
    if point is None:
        nothing = dict.fromkeys(("priority", "rule", "measures", "cause", "prevented_by"))
        return said | nothing | {"why": "Nothing bought yet", "days": 0}
    moment = facts.moments[point["moment_number"] - 1]
    is_order = moment["purchased_at"] == span["valid_from"]
    ends = [] if is_order else reached(span, point, moment, facts)
    return said | {
        "priority": point["priority"],
        "rule": rule_text(facts.rules[point["priority"]]),
        "measures": {
            "orders": moment["moment_number"],
            "high_value_orders": point["high_value_moments"],
            "units": moment["total_units"],
            "net_amount": moment["total_net_amount"],
            "mean_customer_value": facts.parameters["mean_customer_value"]["value"],
            "last_order_at": moment["purchased_at"],
            "last_high_value_order_at": point["high_value_at"],
        },
        "cause": order_at(ends[0].since if ends else span["valid_from"], facts),
        "why": " and ".join(end.text for end in ends) if ends else "An order",
        "days": ends[0].days if ends else 0,
        "prevented_by": "an order" if ends else None,
    }


def order_at(instant: datetime, facts: Facts) -> Row | None:
    """The order that gives the purchase moment at an instant its name."""
    names = {m["order_id"] for m in facts.moments if m["purchased_at"] == instant}
    orders = (event for event in facts.events if event["event_kind"] == "order")
    return next((event for event in orders if event["event_id"] in names), None)


def reached(span: Row, point: Row, moment: Row, facts: Facts) -> list[End]:
    """The bounds a customer reached when a segment began without an order.

    Those that the rule before no longer keeps, or that the new one asks for.
    """
    before = max((at for at in facts.points if at < span["valid_from"]), default=None)
    edges = [("min", point["priority"], "begins")]
    if before is not None:
        edges.append(("max", facts.points[before]["priority"], "ends"))
    ends = []
    for bound, since in (
        ("recency_days", moment["purchased_at"]),
        ("high_value_recency_days", point["high_value_at"]),
    ):
        for side, priority, word in edges:
            days = facts.rules[priority][f"{side}_{bound}"]
            if since and days is not None and since + timedelta(days=days) == span["valid_from"]:
                text = f"{days} {BOUNDS[bound]}, where rule {priority} {word} ({side}_{bound})"
                ends.append(End(days, since, text))
    return ends


def rule_text(rule: Row) -> str:
    """The conditions of a segment rule in words."""
    said = [
        f"{word} {number(rule[f'{side}_{bound}'])} {text}"
        for bound, text in BOUNDS.items()
        for side, word in (("min", "at least"), ("max", "at most"))
        if rule[f"{side}_{bound}"] is not None
    ]
    return ", ".join(said) or "every other buyer"


def following(entries: list[Row]) -> Row | None:
    """The entry after the current one: what comes next unless the customer acts."""
    return next((after for entry, after in pairwise(entries) if entry["is_current"]), None)


# Saying it


def sections(life: Row) -> list[Section]:
    """What to show: titles, tables of texts whose last column may have lines, and lines below."""
    customer = life["customer"]
    who = [f"{customer['customer_kind']}, {customer['customer_type']}"]
    for name, ids in (("Contact", "contact_ids"), ("Anonymous", "anonymous_ids")):
        if customer[ids]:
            who.append(f"{name} ids: {', '.join(customer[ids])}")
    who.append(f"As of {when(life['as_of'])}. Times are UTC.")
    events = [
        (when(event["occurred_at"]), event["event_kind"], event["event_id"], details(event))
        for event in life["events"]
    ]
    out = f"{life['left_out']} earlier events are left out; --all shows them."
    stages = [
        (*span_cells(span, stage_name(span)), f"{stage_why(span)}\n{said_of(span['cause'])}")
        for span in life["stages"]
    ]
    segments = [
        (*span_cells(span, span["segment"]), f"{segment_why(span)}\n{measures(span)}")
        for span in life["segments"]
    ]
    return [
        (customer["customer_id"], [], who),
        (f"Events ({life['left_out'] + len(events)})", events, [out] if life["left_out"] else []),
        ("Stages", stages, [] if stages else ["No event yet, so the life has not begun."]),
        ("Segments", segments, []),
        ("Next, unless somebody acts", [], next_lines(life["next"]) or ["Nothing is scheduled."]),
    ]


def next_lines(coming: dict[str, Row | None]) -> list[str]:
    """What comes next and what would prevent it."""
    lines = []
    for kind, after in coming.items():
        if after is None:
            continue
        name = stage_name(after) if kind == "stage" else after["segment"]
        why = stage_why(after) if kind == "stage" else after["why"]
        lines.append(
            f"{kind.capitalize()} {name} from {when(after['valid_from'])}: {why}. "
            f"Prevented by {after['prevented_by']} at that instant or before."
        )
    return lines


def span_cells(span: Row, name: str) -> tuple[str, str, str]:
    """From, to, and name of a span."""
    mark = ", scheduled" if span["is_scheduled"] else ", now" if span["is_current"] else ""
    return when(span["valid_from"]), when(span["valid_to"]), f"{name}{mark}"


def stage_name(span: Row) -> str:
    """A stage with its detail."""
    return f"{span['stage']} ({span['stage_detail']})" if span["stage_detail"] else span["stage"]


def stage_why(span: Row) -> str:
    """Reason and rule of a stage."""
    return f"{span['why']} ({span['rule']})" if span["rule"] else span["why"]


def segment_why(span: Row) -> str:
    """What brought a segment about, and the rule that matched."""
    if span["priority"] is None:
        return span["why"]
    return f"{span['why']}; rule {span['priority']}: {span['rule']}"


def measures(span: Row) -> str:
    """A customer's measures when a segment began."""
    have = span["measures"]
    if have is None:
        return ""
    high = when(have["last_high_value_order_at"])
    return (
        f"orders {have['orders']}, the last {when(have['last_order_at'])}; of high value "
        f"{have['high_value_orders']}{f', the last {high}' if high else ''}; "
        f"pieces {number(have['units'])}; value {money(have['net_amount'])}, "
        f"mean customer value {money(have['mean_customer_value'])}"
    )


def said_of(event: Row | None) -> str:
    """The event behind a change."""
    if event is None:
        return ""
    return f"{event['event_kind']} {event['event_id']} of {when(event['occurred_at'])}"


def details(event: Row) -> str:
    """What is known of an event, in a few words."""
    words = [event["interaction_type"], event["channel"], event["direction"]]
    words.append(event["signal"] if event["signal"] != "none" else None)
    words.append(None if event["amount"] is None else money(event["amount"]))
    return ", ".join(word for word in words if word)


def when(instant: datetime | None) -> str:
    """A time as it is read."""
    return f"{instant:%Y-%m-%d %H:%M:%S}" if instant else ""


def number(value: Any) -> str:
    """A number without needless zeros."""
    return f"{Decimal(value).normalize():,f}"


def money(value: Decimal) -> str:
    """An amount of money."""
    return f"{value:,.2f}"


def masked(value: Any) -> Any:
    """A value, list or dict without e-mail addresses and control characters in its texts."""
    if isinstance(value, str):
        return "".join(c if c.isprintable() else "\ufffd" for c in EMAIL.sub("***", value))
    if isinstance(value, dict):
        return {key: masked(one) for key, one in value.items()}
    return [masked(one) for one in value] if isinstance(value, list) else value


def say_plainly(life: Row, say: Callable[[str], None]) -> None:
    """Say the explanation in lines."""
    for place, (title, rows, below) in enumerate(sections(life)):
        if place:
            say("")
        say(title)
        *widths, _ = [max(map(len, column)) for column in zip(*rows, strict=True)] or [0]
        for *cells, last in rows:
            start = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
            lines = last.split("\n")
            say(f"  {start}  {last}" if len(lines) == 1 else f"  {start}".rstrip())
            for line in filter(None, lines if len(lines) > 1 else []):
                say(f"      {line}")
        for line in below:
            say(f"  {line}")


def show(life: Row) -> None:
    """Show the explanation on a terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    for title, rows, below in sections(life):
        console.print(Text(title, style="bold"))
        if rows:
            table = Table.grid(padding=(0, 2), pad_edge=True)
            for row in rows:
                table.add_row(*(Text(cell.rstrip()) for cell in row))
            console.print(table)
        for line in below:
            console.print(Text(f"  {line}"))
        console.print()
