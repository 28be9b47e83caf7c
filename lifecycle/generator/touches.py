"""The interactions of one block: advertising, visits, carts, e-mails, service, sales steps."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lifecycle.generator.company import ACQUISITION_CHANNELS, DAY, HOUR, Company, from_busy
from lifecycle.generator.population import CANCELLED, GUEST, NEVER, Block

TYPES = [
    "ad_impression", "ad_click", "email_sent", "email_open", "email_click", "visit",
    "product_view", "search", "add_to_cart", "checkout_started", "wishlist_add", "chat",
    "sign_up", "newsletter_signup", "unsubscribe", "app_open", "store_visit", "event_attended",
    "call_inbound", "call_outbound", "sales_visit", "account_review", "direct_mail_sent",
    "winback_contact", "quote_request", "lead", "qualified", "demo", "proposal", "contract",
    "lead_lost", "first_use", "training", "community_post", "programme_enrol", "points_earned",
    "points_redeemed", "tier_changed", "referral_sent", "referral_converted", "review_public",
    "complaint", "cancellation_request",
]  # fmt: skip
TYPE = {word: code for code, word in enumerate(TYPES)}

CHANNELS = [
    *ACQUISITION_CHANNELS, "web", "app", "phone", "chat", "direct_mail", "sales_team", "display",
    "community", "marketplace",
]  # fmt: skip
CHANNEL = {word: code for code, word in enumerate(CHANNELS)}
# channels on which the visitor's device, not the customer, is seen first
ON_DEVICE = np.array(
    [
        word
        in {
            "organic_search",
            "paid_search",
            "paid_social",
            "direct",
            "referral",
            "affiliate",
            "web",
            "app",
            "display",
        }
        for word in CHANNELS
    ]
)
UTM_SOURCES = ["search_engine", "social_network", "partner_site", "newsletter", "display_network"]
UTM_MEDIA = ["cpc", "paid_social", "affiliate", "email", "display"]
UTM_OF_CHANNEL = np.array(
    [
        {"paid_search": 0, "paid_social": 1, "affiliate": 2, "email": 3, "display": 4}.get(word, -1)
        for word in CHANNELS
    ]
)
PROPERTIES = [
    '{"query": "tea"}',
    '{"query": "gift for father"}',
    '{"query": "Kaffeemühle"}',
    '{"tier": "silver"}',
    '{"tier": "gold"}',
    '{"minutes": 4}',
]
EVENTS = [
    "owner",
    "at",
    "type",
    "channel",
    "campaign",
    "product",
    "order",
    "ticket",
    "hundredths",
    "properties",
]


@dataclass
class Touches:
    """Growing columns of interactions; `owner` is a customer or, after them, a visitor."""

    parts: list[dict[str, np.ndarray]] = field(default_factory=list)

    def add(
        self,
        owner: np.ndarray,
        at: np.ndarray,
        kind: str,
        channel: str | np.ndarray,
        **more: np.ndarray | int,
    ) -> None:
        """Rows of one interaction type; channel is a word or an array of codes."""
        code = CHANNEL[channel] if isinstance(channel, str) else channel
        given = {"owner": owner, "at": at, "type": TYPE[kind], "channel": code, **more}
        rows = len(owner)
        if rows:
            self.parts.append(
                {
                    name: np.broadcast_to(np.asarray(given.get(name, -1), dtype=np.int64), rows)
                    for name in EVENTS
                }
            )

    def sorted(self, end: int) -> dict[str, np.ndarray]:
        """All rows of the period by owner and time; equal times keep the order of adding."""
        if not self.parts:
            return {name: np.zeros(0, dtype=np.int64) for name in EVENTS}
        columns = {name: np.concatenate([part[name] for part in self.parts]) for name in EVENTS}
        key = columns["owner"] * np.int64(2**33) + columns["at"]
        inside = np.flatnonzero((columns["at"] >= 0) & (columns["at"] < end))
        order = inside[np.argsort(key[inside], kind="stable")]
        return {name: column[order] for name, column in columns.items()}


@dataclass
class Visitors:
    """Owners beyond the customers: strangers that never log in, and shared devices."""

    strangers: int
    shared: int
    members: list[np.ndarray]  # units that log in on each shared device
    login_at: list[np.ndarray]


def build_touches(
    company: Company, block: Block, order_value: np.ndarray
) -> tuple[Touches, Visitors]:
    """Interactions without those of the service desk, and who visited without logging in.

    order_value: net value per order, hundredths of the reporting currency.
    """
    touches = Touches()
    _before_first_order(company, block, touches)
    _order_visits(company, block, touches)
    _browsing(company, block, touches)
    _campaign_mail(company, block, touches)
    _programme(block, touches, order_value)
    _advocates(block, touches)
    _after_first_order(company, block, touches)
    _sales(company, block, touches)
    _win_back(block, touches)
    visitors = _visitors(company, block, touches)
    return touches, visitors


def _visit(
    rng: np.random.Generator,
    touches: Touches,
    owner: np.ndarray,
    at: np.ndarray,
    channel: str | np.ndarray,
    product: np.ndarray,
    depth: np.ndarray,
) -> np.ndarray:
    """Visits of a given depth (0 visit, 1 product view, 2 cart, 3 checkout); returns their ends."""
    channel = np.broadcast_to(CHANNEL[channel] if isinstance(channel, str) else channel, len(owner))
    touches.add(owner, at, "visit", channel)
    at = at + rng.integers(8, 120, len(owner))
    steps = ((1, "product_view", 1.0), (1, "search", 0.12), (1, "product_view", 0.25))
    steps += ((2, "add_to_cart", 1.0), (3, "checkout_started", 1.0))
    for least, kind, share in steps:
        does = (depth >= least) & (rng.random(len(owner)) < share)
        more = {"product": -1 if kind in ("search", "checkout_started") else product[does]}
        if kind == "search":
            more["properties"] = rng.integers(0, 3, int(does.sum()))
        touches.add(owner[does], at[does], kind, channel[does], **more)
        at = at + does * rng.integers(10, 150, len(owner))
    return at


def _favourite(rng: np.random.Generator, block: Block, unit: np.ndarray) -> np.ndarray:
    """A product: mostly of the favourite category, at the unit's price level."""
    units = block.units
    category = np.where(
        rng.random(len(unit)) < 0.6, units.category[unit], rng.integers(0, 8, len(unit))
    )
    place = np.floor((units.level[unit] + rng.normal(0, 0.18, len(unit))) * 8)
    return (category * 8 + np.clip(place, 0, 7)).astype(np.int64)


def _before_first_order(company: Company, block: Block, touches: Touches) -> None:
    """First touch by acquisition channel, then consideration visits and the sign-up."""
    rng, units = block.rng, block.units
    unit = np.flatnonzero(~units.b2b)
    owner, joined = units.lead[unit], units.joined[unit]
    channel, campaign = units.channel[unit], units.campaign[unit]
    words = np.array(ACQUISITION_CHANNELS)[channel]
    buys = units.first_order[unit] < NEVER
    direct_buyer = buys & (rng.random(len(unit)) < 0.08)  # first event is the order

    paid = np.isin(words, ["paid_search", "paid_social", "affiliate"]) & ~direct_buyer
    touches.add(owner[paid], joined[paid], "ad_impression", channel[paid], campaign=campaign[paid])
    reacts = paid & (buys | (rng.random(len(unit)) < 0.7))
    click = joined + rng.integers(5, 240, len(unit))
    touches.add(
        owner[reacts], click[reacts], "ad_click", channel[reacts], campaign=campaign[reacts]
    )
    for word, kind in (
        ("store", "store_visit"),
        ("email", "email_click"),
        ("exhibition", "event_attended"),
    ):
        here = (words == word) & ~direct_buyer
        touches.add(owner[here], joined[here], kind, channel[here], campaign=campaign[here])
    online = reacts | (np.isin(words, ["organic_search", "direct", "referral"]) & ~direct_buyer)
    depth = rng.choice(3, len(unit), p=[0.45, 0.45, 0.10])
    at = click + 5
    favourite = _favourite(rng, block, unit)
    _visit(
        rng, touches, owner[online], at[online], channel[online], favourite[online], depth[online]
    )

    # further visits until the order, or for some weeks
    until = np.where(buys, units.first_order[unit] - 1800, joined + 45 * DAY)
    room = np.maximum(until - joined - 3600, 0)
    visits = rng.poisson(0.9 * company.touch_pace, len(unit)) * (room > 0) * ~direct_buyer
    visits[~reacts & paid] = 0
    row = np.repeat(np.arange(len(unit)), visits)
    when = joined[row] + 3600 + (room[row] * rng.random(len(row))).astype(np.int64)
    _visit(
        rng,
        touches,
        owner[row],
        when,
        _web_or_app(rng, len(row)),
        _favourite(rng, block, unit[row]),
        rng.choice(3, len(row), p=[0.25, 0.5, 0.25]),
    )
    for kind, share, where in (("wishlist_add", 0.06, "web"), ("chat", 0.04, "chat")):
        does = rng.random(len(row)) < share
        more = {"product": favourite[row[does]]} if kind == "wishlist_add" else {"properties": 5}
        touches.add(owner[row[does]], when[does] + 400, kind, where, **more)

    signs = units.registered_unit[unit] < NEVER
    touches.add(owner[signs], units.registered_unit[unit[signs]], "sign_up", "web")
    agrees = units.granted[unit] < NEVER
    touches.add(owner[agrees], units.granted[unit[agrees]] + 20, "newsletter_signup", "web")
    leaves = units.revoked[unit] < NEVER
    touches.add(owner[leaves], units.revoked[unit[leaves]], "unsubscribe", "email")


def _web_or_app(rng: np.random.Generator, rows: int) -> np.ndarray:
    return np.where(rng.random(rows) < 0.75, CHANNEL["web"], CHANNEL["app"])


def _order_visits(company: Company, block: Block, touches: Touches) -> None:
    """The visit that leads to an online order: product, cart, checkout, order."""
    rng, orders, units = block.rng, block.orders, block.units
    seen = (orders.origin != GUEST) & ~units.b2b[orders.unit]
    seen &= rng.random(len(orders.at)) < 0.70 * company.touch_pace
    row = np.flatnonzero(seen)
    start = np.maximum(orders.at[row] - rng.integers(900, 1700, len(row)), 0)
    # steps last at most 120 + 4 x 150 seconds, so the visit ends before the order
    depth = np.where(rng.random(len(row)) < 0.9, 3, 1)
    _visit(
        rng,
        touches,
        orders.customer[row],
        start,
        _web_or_app(rng, len(row)),
        _favourite(rng, block, orders.unit[row]),
        depth,
    )


def _browsing(company: Company, block: Block, touches: Touches) -> None:
    """Visits without an order: many while the customer lives, few after dropout."""
    rng, units = block.rng, block.units
    unit = np.flatnonzero(~units.b2b & (units.first_order < NEVER))
    first = units.first_order[unit]
    gone = np.minimum(units.dropped[unit], company.end)
    alive, dead = (gone - first) / DAY, (company.end - gone) / DAY
    busy = np.minimum(0.6 * units.rate[unit], 0.05)
    for days, begin, factor in ((alive, first, 1.0), (dead, gone, 0.12)):
        row = np.repeat(
            np.arange(len(unit)), rng.poisson(busy * factor * days * company.touch_pace)
        )
        when = begin[row] + (rng.random(len(row)) * days[row] * DAY).astype(np.int64)
        owner = units.lead[unit[row]]
        calm = rng.random(len(row)) < 0.25
        touches.add(owner[calm], when[calm], "app_open", "app")
        row, when, owner = row[~calm], when[~calm], owner[~calm]
        depth = rng.choice(3, len(row), p=[0.45, 0.42, 0.13])
        channel = _web_or_app(rng, len(row))
        search = rng.random(len(row)) < 0.2
        channel = np.where(search, CHANNEL["organic_search"], channel)
        _visit(rng, touches, owner, when, channel, _favourite(rng, block, unit[row]), depth)


def _campaign_mail(company: Company, block: Block, touches: Touches) -> None:
    rng, contacts, units = block.rng, block.contacts, block.units
    by_mail = np.array([item.channel == "email" for item in company.campaigns], dtype=bool)
    mail = by_mail[contacts.campaign]
    post = ~mail
    owner = units.lead[contacts.unit]
    touches.add(
        owner[post],
        contacts.at[post],
        "direct_mail_sent",
        "direct_mail",
        campaign=contacts.campaign[post],
    )
    owner, at, campaign = owner[mail], contacts.at[mail], contacts.campaign[mail]
    induced = contacts.induced[mail]
    touches.add(owner, at, "email_sent", "email", campaign=campaign)
    opens = (rng.random(len(owner)) < 0.26) | (induced < NEVER)
    opened = at + rng.integers(60, 1000, len(owner))
    touches.add(owner[opens], opened[opens], "email_open", "email", campaign=campaign[opens])
    clicks = opens & (rng.random(len(owner)) < np.where(induced < NEVER, 0.8, 0.22))
    clicked = opened + rng.integers(5, 120, len(owner))
    touches.add(owner[clicks], clicked[clicks], "email_click", "email", campaign=campaign[clicks])


def _programme(block: Block, touches: Touches, order_value: np.ndarray) -> None:
    """A third of repeat buyers join the loyalty programme at their second order."""
    rng, orders, units = block.rng, block.orders, block.units
    counts = (orders.origin != GUEST) & (orders.origin != CANCELLED)
    row = np.flatnonzero(counts & ~units.b2b[orders.unit])
    customer = orders.customer[row]
    rank = np.arange(len(row)) - np.searchsorted(customer, customer)
    joins = rng.random(units.customers) < 0.30
    enrol = (rank == 1) & joins[customer]
    touches.add(customer[enrol], orders.at[row[enrol]] + 90, "programme_enrol", "web")
    earns = (rank >= 1) & joins[customer]
    points = order_value[row]  # one point per unit of reporting currency, in hundredths
    touches.add(
        customer[earns],
        orders.at[row[earns]] + 120,
        "points_earned",
        "web",
        order=row[earns],
        hundredths=points[earns] // 100 * 100,
    )
    redeems = (rank >= 3) & joins[customer] & (rng.random(len(row)) < 0.08)
    touches.add(
        customer[redeems],
        orders.at[row[redeems]] + 60,
        "points_redeemed",
        "web",
        order=row[redeems],
        hundredths=np.full(int(redeems.sum()), 50_000),
    )
    for reached, code in ((5, 3), (15, 4)):
        tier = (rank == reached) & joins[customer]
        touches.add(
            customer[tier], orders.at[row[tier]] + 130, "tier_changed", "email", properties=code
        )


def _advocates(block: Block, touches: Touches) -> None:
    """Referrals (sent at the friend's first touch, converted at the first order) and reviews."""
    rng, orders, units = block.rng, block.orders, block.units
    friend = np.flatnonzero(units.referrer >= 0)
    by = units.lead[units.referrer[friend]]
    sent = np.maximum(
        units.joined[friend] - rng.integers(600, 3 * DAY, len(friend)),
        units.first_order[units.referrer[friend]] + 60,
    )
    touches.add(by, sent, "referral_sent", "web")
    buys = units.first_order[friend] < NEVER
    touches.add(by[buys], units.first_order[friend[buys]], "referral_converted", "referral")
    praise = ~orders.bad & (orders.origin < CANCELLED) & ~units.b2b[orders.unit]
    row = np.flatnonzero(praise & (rng.random(len(orders.at)) < 0.018))
    at = orders.at[row] + rng.integers(3 * DAY, 25 * DAY, len(row))
    touches.add(orders.customer[row], at, "review_public", "web", order=row)


def _after_first_order(company: Company, block: Block, touches: Touches) -> None:
    rng, units = block.rng, block.units
    unit = np.flatnonzero(units.first_order < NEVER)
    first, owner = units.first_order[unit], units.lead[unit]
    for kind, channel, persons, accounts, latest in (
        ("first_use", "app", 0.45, 0.8, 12),
        ("training", "sales_team", 0.0, 0.6, 40),
        ("community_post", "community", 0.05, 0.1, 300),
    ):
        does = rng.random(len(unit)) < np.where(units.b2b[unit], accounts, persons)
        at = first + rng.integers(12 * HOUR, latest * DAY, len(unit))
        touches.add(owner[does], at[does], kind, channel)


def _sales(company: Company, block: Block, touches: Touches) -> None:
    """The long B2B cycle, and the account manager's calls and visits afterwards."""
    rng, units = block.rng, block.units
    unit = np.flatnonzero(units.b2b)
    joined, first = units.joined[unit], units.first_order[unit]
    buys = first < NEVER
    cycle = np.where(
        buys, first - joined - DAY // 2, (np.exp(rng.normal(np.log(80), 0.4, len(unit))) * DAY)
    ).astype(np.int64)
    reached = np.where(buys, 5, rng.choice(5, len(unit), p=[0.35, 0.3, 0.15, 0.15, 0.05]) + 0)
    steps = [
        ("lead", 0.0),
        ("qualified", 0.12),
        ("demo", 0.4),
        ("proposal", 0.7),
        ("contract", 1.0),
    ]
    for position, (kind, share) in enumerate(steps):
        gets = (reached >= position) if position < 4 else buys
        at = (
            joined
            + (cycle * share).astype(np.int64)
            + (position > 0) * rng.integers(0, 6 * HOUR, len(unit))
        )
        owner = units.random_contact(rng, unit) if position else units.lead[unit]
        worth = np.where(kind == "contract", 1_500_000 + rng.integers(0, 4_000_000, len(unit)), -1)
        touches.add(owner[gets], at[gets], kind, "sales_team", hundredths=worth[gets])
    quote = reached >= 3
    touches.add(
        units.lead[unit[quote]], (joined + cycle * 0.6)[quote], "quote_request", "sales_team"
    )
    lost = ~buys
    touches.add(units.lead[unit[lost]], joined[lost] + cycle[lost], "lead_lost", "sales_team")

    gone = np.minimum(units.dropped[unit], company.end)
    for kind, channel, gap in (
        ("call_outbound", "phone", 60),
        ("sales_visit", "sales_team", 150),
        ("account_review", "sales_team", 185),
    ):
        days = np.where(buys, np.maximum(gone - first, 0), 0) / DAY
        row = np.repeat(np.arange(len(unit)), rng.poisson(days / gap))
        at = first[row] + (rng.random(len(row)) * days[row] * DAY).astype(np.int64)
        touches.add(units.random_contact(rng, unit[row]), at, kind, channel)
    quits = (units.dropped[unit] < NEVER) & (rng.random(len(unit)) < 0.4)
    at = units.dropped[unit[quits]] + rng.integers(5 * DAY, 60 * DAY, int(quits.sum()))
    touches.add(units.lead[unit[quits]], at, "cancellation_request", "phone")


def _win_back(block: Block, touches: Touches) -> None:
    """Personal win-back contacts: before most returns, and to some who never return."""
    rng, units = block.rng, block.units
    unit = np.flatnonzero(units.dropped < NEVER)
    back = units.returned[unit] < NEVER
    tries = rng.random(len(unit)) < np.where(back, 0.6, 0.25)
    before = units.returned[unit] - rng.integers(DAY, 10 * DAY, len(unit))
    blind = units.dropped[unit] + rng.integers(120 * DAY, 260 * DAY, len(unit))
    at = np.where(back, before, blind)
    touches.add(units.lead[unit[tries]], at[tries], "winback_contact", "phone")


def _visitors(company: Company, block: Block, touches: Touches) -> Visitors:
    """Strangers with one to three visits, and one shared device per thousand customers."""
    rng, units = block.rng, block.units
    strangers = int(units.customers * 0.12 * company.touch_pace)
    begin = from_busy(company, "b2c", rng.random(strangers) * company.busy["b2c"][-1])
    visits = rng.integers(1, 4, strangers)
    row = np.repeat(np.arange(strangers), visits)
    place = np.arange(len(row)) - np.repeat(np.cumsum(visits) - visits, visits)
    at = begin[row] + place * rng.integers(HOUR, 20 * DAY, len(row))
    channel = rng.choice([0, 1, 2, 3], len(row), p=[0.4, 0.25, 0.2, 0.15])
    product = rng.integers(0, 64, len(row))
    _visit(
        rng,
        touches,
        units.customers + row,
        at,
        channel,
        product,
        rng.choice(3, len(row), p=[0.6, 0.33, 0.07]),
    )

    reachable = np.flatnonzero(units.device & (units.login < company.end - 60 * DAY))
    shared = min(max(1, units.customers // 1000), len(reachable) // 6)
    members, login_at = [], []
    for device in range(shared):
        group = rng.choice(reachable, int(rng.integers(4, 7)), replace=False)
        at = units.login[group] + rng.integers(HOUR, 50 * DAY, len(group))
        members.append(group)
        login_at.append(at)
        owner = np.full(6, units.customers + strangers + device)
        when = rng.integers(int(at.min()), company.end, 6)
        _visit(rng, touches, owner, when, "web", rng.integers(0, 64, 6), np.full(6, 1))
    return Visitors(strangers, shared, members, login_at)
