"""One block of customers: who they are, when they buy, and what drives it.

A *unit* is a buying unit: a private person or a B2B account. Times are whole seconds after the
start of the period (int64); `NEVER` stands for "does not happen in the period".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lifecycle.generator.company import (
    ACQUISITION_CHANNELS,
    ACQUISITION_SHARE,
    COUNTRIES,
    COUNTRY_SHARE,
    DAY,
    HOUR,
    Company,
    from_busy,
    random_stream,
    to_busy,
)

GROUP = 40  # customers per group; the last CONTACTS of each group are B2B contacts
CONTACTS = 5
NEVER = np.int64(2**62)
REASONS_BAD = ["quality", "function", "price"]
REASONS_CALM = ["changed_needs", "competition", "financial"]
CHURN_REASONS = REASONS_BAD + REASONS_CALM
ORIGINS = ["organic", "campaign", "experiment", "cancelled_attempt", "guest"]
ORGANIC, BY_CAMPAIGN, BY_EXPERIMENT, CANCELLED, GUEST = range(5)

# The purchase process: rates per average day, dropout per order (Gamma and Beta).
RATE_SHAPE = {"b2c": 1.3, "b2b": 2.0}
RATE_MEAN = {"b2c": 1 / 27, "b2b": 1 / 16}
DROPOUT = {"b2c": (0.9, 15.0), "b2b": (0.9, 18.0)}
BUYER_SHARE = {"b2c": 0.80, "b2b": 0.65}
RETURN_SHARE = 0.28
BAD_SHARE = 0.035
BAD_SHARE_AT_DROPOUT = 0.45

_PATTERNS = np.array(
    [[1, 0, 0, 0, 0], [1, 0, 1, 0, 0], [1, 1, 0, 0, 0], [1, 1, 0, 1, 0], [1, 1, 1, 0, 0]]
)


# (unit, time, is the last order before dropout), sorted by unit and time
Process = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass
class Units:
    """Arrays over the buying units of a block; `customer` fields are positions in the block."""

    first: int  # number of the block's first customer in the company
    customers: int
    b2b: np.ndarray
    lead: np.ndarray  # first customer of the unit
    size: np.ndarray  # customers of the unit
    unit_of: np.ndarray  # customer -> unit
    country: np.ndarray
    level: np.ndarray  # 0..1, how expensive the unit likes it
    category: np.ndarray  # favourite category
    channel: np.ndarray  # acquisition channel
    campaign: np.ndarray  # acquisition campaign that brought the unit, or -1
    joined: np.ndarray  # first touch
    rate: np.ndarray
    dropout: np.ndarray
    first_order: np.ndarray
    dropped: np.ndarray  # end of the first life as a customer
    returned: np.ndarray
    dropped_again: np.ndarray
    registered: np.ndarray  # per customer
    registered_unit: np.ndarray
    device: np.ndarray
    login: np.ndarray
    granted: np.ndarray  # e-mail consent given / taken back
    revoked: np.ndarray
    referrer: np.ndarray  # unit, or -1
    merged_into: np.ndarray  # unit, or -1
    merged_at: np.ndarray
    reason: np.ndarray  # why the first life ended, or -1

    def random_contact(self, rng: np.random.Generator, unit: np.ndarray) -> np.ndarray:
        """A customer of each unit: the person, or any contact of the account."""
        return self.lead[unit] + np.floor(rng.random(len(unit)) * self.size[unit]).astype(np.int64)

    def email_allowed(self, unit: np.ndarray | slice, at: np.ndarray | int) -> np.ndarray:
        """Whether e-mail consent holds at a time."""
        return (self.granted[unit] <= at) & (at < self.revoked[unit])


@dataclass
class Orders:
    """Arrays over orders, sorted by customer and time."""

    unit: np.ndarray
    customer: np.ndarray
    at: np.ndarray
    origin: np.ndarray
    cause: np.ndarray  # campaign or experiment, or -1
    bad: np.ndarray  # the order disappoints
    rank: np.ndarray  # 0 = first order of its customer


@dataclass
class Contacts:
    """Outbound campaign contacts: unit, campaign, time, and the order each one caused or not."""

    unit: np.ndarray
    campaign: np.ndarray
    at: np.ndarray
    induced: np.ndarray


@dataclass
class Assignments:
    """Experiment assignments; `exposed` is NEVER for units that were not exposed."""

    unit: np.ndarray
    experiment: np.ndarray
    variant: np.ndarray
    at: np.ndarray
    exposed: np.ndarray
    induced: np.ndarray


@dataclass
class Block:
    """The simulated behaviour of one block of customers."""

    rng: np.random.Generator
    units: Units
    orders: Orders
    contacts: Contacts
    assignments: Assignments


def simulate(company: Company, number: int, first: int, count: int) -> Block:
    """Customers `first` .. `first + count - 1`, from the random stream of block `number`."""
    rng = random_stream(company.seed, 1, number)
    units = _people(rng, company, first, count)
    process = _purchase_process(rng, company, units)
    _registration(rng, company, units)
    _referrals_and_merges(rng, company, units)
    contacts = _campaign_contacts(rng, company, units, process)
    assignments = _assignments(rng, company, units, process)
    orders = _orders(rng, company, units, process, contacts, assignments)
    return Block(rng, units, orders, contacts, assignments)


def _people(rng: np.random.Generator, company: Company, first: int, count: int) -> Units:
    place = np.arange(count) % GROUP
    is_contact = place >= GROUP - CONTACTS
    pattern = rng.integers(0, len(_PATTERNS), count // GROUP + 1)
    opens = np.zeros(count, dtype=bool)
    position = np.flatnonzero(is_contact)
    opens[position] = _PATTERNS[pattern[position // GROUP], place[position] - GROUP + CONTACTS] == 1
    persons = np.flatnonzero(~is_contact)
    accounts = np.flatnonzero(opens)
    lead = np.concatenate([persons, accounts])
    total = len(lead)
    b2b = np.arange(total) >= len(persons)
    unit_of = np.empty(count, dtype=np.int64)
    unit_of[persons] = np.arange(len(persons))
    unit_of[position] = len(persons) + np.cumsum(opens[position]) - 1
    channel = rng.choice(len(ACQUISITION_CHANNELS), total, p=ACQUISITION_SHARE)
    campaign = _acquired_by(rng, company, total)
    campaign[b2b] = -1
    joined = _joined(rng, company, b2b, campaign)
    for number, item in enumerate(company.campaigns):
        if item.objective == "acquisition":
            channel[campaign == number] = ACQUISITION_CHANNELS.index(item.channel)
    blank = np.full(total, -1, dtype=np.int64)
    never = np.full(total, NEVER, dtype=np.int64)
    return Units(
        first=first,
        customers=count,
        b2b=b2b,
        lead=lead,
        size=np.bincount(unit_of, minlength=total),
        unit_of=unit_of,
        country=rng.choice(len(COUNTRIES), total, p=COUNTRY_SHARE),
        level=rng.beta(1.6, 2.2, total),
        category=rng.integers(0, 8, total),
        channel=channel,
        campaign=campaign,
        joined=joined,
        rate=_by_kind(b2b, lambda kind, n: _rates(rng, company, kind, n)),
        dropout=_by_kind(b2b, lambda kind, n: np.maximum(rng.beta(*DROPOUT[kind], n), 1e-4)),
        first_order=never.copy(),
        dropped=never.copy(),
        returned=never.copy(),
        dropped_again=never.copy(),
        registered=np.full(count, NEVER, dtype=np.int64),
        registered_unit=never.copy(),
        device=np.zeros(total, dtype=bool),
        login=never.copy(),
        granted=never.copy(),
        revoked=never.copy(),
        referrer=blank.copy(),
        merged_into=blank.copy(),
        merged_at=never.copy(),
        reason=blank.copy(),
    )


def _rates(rng: np.random.Generator, company: Company, kind: str, count: int) -> np.ndarray:
    mean = RATE_MEAN[kind] * company.order_pace
    return rng.gamma(RATE_SHAPE[kind], mean / RATE_SHAPE[kind], count)


def _by_kind(b2b: np.ndarray, draw: Callable[[str, int], np.ndarray]) -> np.ndarray:
    """Persons first, accounts after them, as the units are ordered."""
    return np.concatenate([draw("b2c", int((~b2b).sum())), draw("b2b", int(b2b.sum()))])


def _acquired_by(rng: np.random.Generator, company: Company, count: int) -> np.ndarray:
    """Every acquisition campaign brings a fixed share of all newcomers."""
    effects = [c.effect if c.objective == "acquisition" else 0.0 for c in company.campaigns]
    edges = np.cumsum(effects) if effects else np.array([0.0])
    found = np.searchsorted(edges, rng.random(count) * max(1.0, edges[-1]), side="right")
    return np.where(found < len(effects), found, -1)


def _joined(
    rng: np.random.Generator, company: Company, b2b: np.ndarray, campaign: np.ndarray
) -> np.ndarray:
    """First touches: busy times more often, somewhat more in the first months."""
    share = rng.random(len(b2b)) ** 1.25
    joined = np.empty(len(b2b), dtype=np.int64)
    for kind, mask in (("b2c", ~b2b), ("b2b", b2b)):
        joined[mask] = from_busy(company, kind, share[mask] * company.busy[kind][-1])
    starts = np.array([c.start for c in company.campaigns] or [0])
    ends = np.array([c.end for c in company.campaigns] or [0])
    within = rng.random(len(b2b))
    brought = campaign >= 0
    number = campaign[brought]
    lower, upper = to_busy(company, "b2c", starts[number]), to_busy(company, "b2c", ends[number])
    joined[brought] = from_busy(company, "b2c", lower + within[brought] * (upper - lower))
    return np.minimum(joined, company.end - 1)


def _purchase_process(rng: np.random.Generator, company: Company, units: Units) -> Process:
    """First orders, then one or two lives of Gamma-Poisson orders with dropout."""
    total = len(units.b2b)
    buyer = rng.random(total) < np.where(units.b2b, BUYER_SHARE["b2b"], BUYER_SHARE["b2c"])
    wait_b2c = rng.exponential(11 * DAY, total) * (rng.random(total) < 0.72)
    wait_b2c += rng.integers(900, 5 * HOUR, total)
    cycle = np.exp(rng.normal(np.log(95), 0.45, total)) * DAY
    at = units.joined + np.where(units.b2b, cycle, wait_b2c).astype(np.int64)
    at = _office_hours(company, units.b2b, at)
    starts = buyer & (at < company.end)
    units.first_order[starts] = at[starts]

    who = np.flatnonzero(starts)
    owner, when, last, dropped = _life(rng, company, units, who, at[who], units.dropout[who])
    units.dropped[who] = dropped

    gone = who[dropped < NEVER]
    comes_back = rng.random(len(gone)) < RETURN_SHARE
    again = gone[comes_back]
    back_at = units.dropped[again] + (rng.uniform(95, 400, len(again)) * DAY).astype(np.int64)
    back_at = _office_hours(company, units.b2b[again], back_at)
    again, back_at = again[back_at < company.end], back_at[back_at < company.end]
    units.returned[again] = back_at
    second = np.clip(rng.beta(1.2, 8.0, len(again)), 1e-4, 1.0)
    owner_2, when_2, last_2, dropped_2 = _life(rng, company, units, again, back_at, second)
    units.dropped_again[again] = dropped_2

    unit = np.concatenate([owner, owner_2])
    moment = np.concatenate([when, when_2])
    ends_life = np.concatenate([last, last_2])
    order = np.lexsort((moment, unit))
    return unit[order], moment[order], ends_life[order]


def _office_hours(company: Company, b2b: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Times of accounts moved to when their offices open; persons order at any time."""
    reached = to_busy(company, "b2b", np.minimum(at, company.end)) + 1e-3
    return np.where(b2b, np.maximum(from_busy(company, "b2b", reached), at), at)


def _life(
    rng: np.random.Generator,
    company: Company,
    units: Units,
    who: np.ndarray,
    start: np.ndarray,
    dropout: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Orders from `start` on: Poisson in busy time, and after each order dropout by coin.

    The Poisson arrivals of the whole period are drawn first (so many, at uniform places); the
    geometric number of orders until dropout then says how many of them take place.
    Returns unit, time and "dropped out after this order" per order, and dropout time per `who`.
    """
    kinds = units.b2b[who]
    begin, stop = np.empty(len(who)), np.empty(len(who))
    for kind, mask in (("b2c", ~kinds), ("b2b", kinds)):
        begin[mask] = to_busy(company, kind, start[mask])
        stop[mask] = company.busy[kind][-1]
    later = rng.poisson(units.rate[who] * (stop - begin))
    until_dropout = rng.geometric(dropout)
    row = np.repeat(np.arange(len(who)), later)
    place = begin[row] + rng.random(len(row)) * (stop - begin)[row]
    place = place[np.lexsort((place, row))]
    rank = np.arange(len(row)) - np.repeat(np.cumsum(later) - later, later)
    keep = rank < until_dropout[row] - 1
    row, place, rank = row[keep], place[keep], rank[keep] + 1
    when = np.empty(len(row), dtype=np.int64)
    for kind, mask in (("b2c", ~kinds[row]), ("b2b", kinds[row])):
        when[mask] = from_busy(company, kind, place[mask])
    when = np.clip(when, start[row] + 1, company.end - 1)
    drops = until_dropout <= later + 1
    unit = np.concatenate([who, who[row]])
    moment = np.concatenate([start, when])
    number = np.concatenate([np.zeros(len(who), np.int64), rank])
    source = np.concatenate([np.arange(len(who)), row])
    last = drops[source] & (number == until_dropout[source] - 1)
    dropped = np.full(len(who), NEVER, dtype=np.int64)
    dropped[source[last]] = moment[last]
    return unit, moment, last, dropped


def _registration(rng: np.random.Generator, company: Company, units: Units) -> None:
    """Sign-up, device, login and e-mail consent."""
    total = len(units.b2b)
    buys = units.first_order < NEVER
    limit = np.where(buys, units.first_order - 600, units.joined + 20 * DAY)
    room = np.maximum(limit - units.joined - 300, 0)
    sign_up = units.joined + 300 + (room * rng.random(total)).astype(np.int64)
    signs = rng.random(total) < np.where(buys, 0.72, 0.55)
    signs &= (sign_up < company.end) & ~units.b2b & (sign_up < units.first_order)
    units.registered_unit[signs] = sign_up[signs]
    units.registered[units.lead[signs]] = sign_up[signs]
    contact = np.flatnonzero(units.b2b[units.unit_of])
    at = units.joined[units.unit_of[contact]]
    at = at + rng.integers(HOUR, 60 * DAY, len(contact))
    known = (rng.random(len(contact)) < 0.5) & (at < company.end)
    units.registered[contact[known]] = at[known]

    account = np.minimum(units.registered_unit, units.first_order)
    units.device = ~units.b2b & (account < NEVER) & (rng.random(total) < 0.85)
    late = (rng.random(total) < 0.15) * rng.integers(20 * DAY, 150 * DAY, total)
    login = np.where(units.device, account + late, NEVER)
    units.login = np.where(login < company.end, login, NEVER)

    agrees = (rng.random(total) < 0.75) & ~units.b2b
    units.granted = np.where(agrees, account, NEVER)
    revoked = account + rng.integers(10 * DAY, 900 * DAY, total)
    takes_back = agrees & (rng.random(total) < 0.12) & (revoked < company.end)
    units.revoked = np.where(takes_back, revoked, NEVER)


def _referrals_and_merges(rng: np.random.Generator, company: Company, units: Units) -> None:
    persons = int((~units.b2b).sum())
    if persons < 2:
        return
    referral = ACQUISITION_CHANNELS.index("referral")
    guess = rng.integers(0, persons, len(units.b2b))
    valid = ~units.b2b & (units.channel == referral) & (units.first_order[guess] < units.joined)
    units.referrer = np.where(valid, guess, -1)
    lost = ~units.b2b & (units.channel == referral) & ~valid
    units.channel[lost] = ACQUISITION_CHANNELS.index("direct")

    source = np.arange(persons)
    target = (source + 1) % persons
    at = np.maximum(units.joined[source], units.joined[target])
    at = at + rng.integers(10 * DAY, 200 * DAY, persons)
    merges = (rng.random(persons) < 0.012) & (at < company.end) & (target != 0)
    units.merged_into[source[merges]] = target[merges]
    units.merged_at[source[merges]] = at[merges]


def _orders_before(process: Process, units: Units, at: int) -> tuple[np.ndarray, np.ndarray]:
    """Per unit: orders of the process before `at`, and the time of the last (or -NEVER)."""
    unit, moment, _ = process
    span = np.int64(2**40)
    starts = np.searchsorted(unit, np.arange(len(units.b2b)))
    upto = np.searchsorted(unit * span + moment, np.arange(len(units.b2b)) * span + at)
    count = upto - starts
    last = np.where(count > 0, moment[np.maximum(upto - 1, 0)] if len(moment) else 0, -NEVER)
    return count, last


def _campaign_contacts(
    rng: np.random.Generator, company: Company, units: Units, process: Process
) -> Contacts:
    """Half of the eligible customers are contacted, at random; some order because of it."""
    parts: list[tuple[np.ndarray, ...]] = []
    for number, campaign in enumerate(company.campaigns):
        if campaign.objective == "acquisition":
            continue
        count, last = _orders_before(process, units, campaign.start)
        silent = campaign.start - last
        eligible = ~units.b2b & (count > 0)
        if campaign.objective == "winback":
            eligible &= silent > 150 * DAY
        elif campaign.objective == "retention":
            eligible &= (silent <= 180 * DAY) & (count >= 2)
        else:
            eligible &= silent <= 120 * DAY
        if campaign.channel == "email":
            eligible &= units.email_allowed(slice(None), campaign.start)
        who = np.flatnonzero(eligible & (rng.random(len(eligible)) < 0.5))
        at = campaign.start + 9 * HOUR + rng.integers(0, HOUR, len(who))
        delay = 1200 + rng.exponential(1.5 * DAY, len(who)).astype(np.int64)
        if campaign.channel == "direct_mail":
            delay += 2 * DAY
        orders = (rng.random(len(who)) < campaign.effect) & (at + delay < campaign.end)
        parts.append(
            (who, np.full(len(who), number), at, np.where(orders, at + delay, NEVER)),
        )
    return Contacts(*_stack(parts, 4))


def _assignments(
    rng: np.random.Generator, company: Company, units: Units, process: Process
) -> Assignments:
    """Units enter an experiment in its first two weeks; exposure adds orders as known."""
    parts: list[tuple[np.ndarray, ...]] = []
    for number, item in enumerate(company.experiments):
        count, last = _orders_before(process, units, item.start)
        silent = item.start - last
        eligible = ~units.b2b & (count > 0)
        if item.eligible == "quiet":
            eligible &= silent > 120 * DAY
        elif item.eligible == "recent":
            eligible &= silent <= 90 * DAY
        if item.unit == "anonymous":
            eligible &= units.login < item.start
        who = np.flatnonzero(eligible & (rng.random(len(eligible)) < 0.6))
        at = item.start + rng.integers(0, 14 * DAY, len(who))
        variant = np.searchsorted(np.cumsum(item.shares[:-1]), rng.random(len(who)), side="right")
        is_exposed = rng.random(len(who)) < 0.95
        exposed = np.where(is_exposed, at + rng.integers(1, 6 * HOUR, len(who)), NEVER)
        orders = is_exposed & (rng.random(len(who)) < np.array(item.lifts)[variant])
        when = exposed + rng.integers(600, 13 * DAY, len(who))
        induced = np.where(orders & (when < company.end), when, NEVER)
        parts.append((who, np.full(len(who), number), variant, at, exposed, induced))
    return Assignments(*_stack(parts, 6))


def _stack(parts: list[tuple[np.ndarray, ...]], width: int) -> list[np.ndarray]:
    if not parts:
        return [np.zeros(0, dtype=np.int64) for _ in range(width)]
    return [np.concatenate([part[i] for part in parts]).astype(np.int64) for i in range(width)]


def _orders(
    rng: np.random.Generator,
    company: Company,
    units: Units,
    process: Process,
    contacts: Contacts,
    assignments: Assignments,
) -> Orders:
    """All orders: the process, what campaigns and experiments add, cancelled and guest ones."""
    unit, at, last = process
    bad = rng.random(len(unit)) < np.where(last, BAD_SHARE_AT_DROPOUT, BAD_SHARE)
    _churn_reasons(rng, units, unit, at, last, bad)

    mailed = contacts.induced < NEVER
    tested = assignments.induced < NEVER
    cancel = np.flatnonzero(rng.random(len(unit)) < 0.025)
    cancel_at = at[cancel] - rng.integers(600, 12 * HOUR, len(cancel))
    cancel, cancel_at = cancel[cancel_at >= 0], cancel_at[cancel_at >= 0]
    guest = np.flatnonzero((rng.random(len(unit)) < 0.03) & ~units.b2b[unit])
    guest_at = from_busy(company, "b2c", rng.random(len(guest)) * company.busy["b2c"][-1])
    parts = [
        (unit, at, ORGANIC, -1, bad),
        (
            contacts.unit[mailed], contacts.induced[mailed], BY_CAMPAIGN,
            contacts.campaign[mailed], False,
        ),
        (
            assignments.unit[tested], assignments.induced[tested], BY_EXPERIMENT,
            assignments.experiment[tested], False,
        ),
        (unit[cancel], cancel_at, CANCELLED, -1, False),
        (unit[guest], np.minimum(guest_at, company.end - 1), GUEST, -1, False),
    ]  # fmt: skip
    columns = [
        np.concatenate([np.broadcast_to(part[i], len(part[0])) for part in parts]) for i in range(5)
    ]
    unit, at, origin, cause, bad = columns
    customer = units.random_contact(rng, unit)
    order = np.lexsort((origin, at, customer))
    unit, at, origin, cause, bad = (column[order] for column in columns)
    customer = customer[order]
    first = np.searchsorted(customer, customer)
    return Orders(unit, customer, at, origin, cause, bad, np.arange(len(unit)) - first)


def _churn_reasons(
    rng: np.random.Generator,
    units: Units,
    unit: np.ndarray,
    at: np.ndarray,
    last: np.ndarray,
    bad: np.ndarray,
) -> None:
    """A disappointing last order means dissatisfaction; otherwise life moved on."""
    ends = last & (at == units.dropped[unit])
    for disappointed, shares, base in (
        (True, [0.5, 0.2, 0.3], 0),
        (False, [0.45, 0.35, 0.2], len(REASONS_BAD)),
    ):
        who = unit[ends & (bad == disappointed)]
        units.reason[who] = base + rng.choice(3, len(who), p=shares)
