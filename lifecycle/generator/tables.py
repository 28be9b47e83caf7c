"""The raw tables and truth files of one block of customers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifecycle.generator import schema
from lifecycle.generator.company import (
    ACQUISITION_CHANNELS,
    BASE_RATES,
    COUNTRIES,
    COUNTRY_CURRENCY,
    CURRENCIES,
    DAY,
    HOUR,
    PRODUCTS_PER_CATEGORY,
    REGIONS,
    Company,
    campaign_ids,
    product_ids,
)
from lifecycle.generator.population import (
    BY_CAMPAIGN,
    BY_EXPERIMENT,
    CANCELLED,
    CHURN_REASONS,
    GUEST,
    NEVER,
    ORIGINS,
    Block,
    simulate,
)
from lifecycle.generator.touches import (
    CHANNEL,
    CHANNELS,
    ON_DEVICE,
    PROPERTIES,
    TYPE,
    TYPES,
    UTM_MEDIA,
    UTM_OF_CHANNEL,
    UTM_SOURCES,
    Touches,
    Visitors,
    build_touches,
)

STATUSES = ["paid", "completed", "delivered", "cancelled", "refunded"]
SALES_CHANNELS = ["web", "app", "store", "phone", "marketplace", "sales_team"]
PAYMENTS = ["card", "paypal", "invoice", "cash", "direct_debit"]
COUPONS = ["WELCOME10", "SAVE15", "SPRING10"]
REFUND_REASONS = [
    "defective", "damaged", "not_as_described", "wrong_item", "changed_mind", "wrong_size",
    "ordered_twice", "late_delivery", "goodwill",
]  # fmt: skip
TOPICS = [
    "late_delivery", "defective", "billing_error", "poor_service", "hard_to_use", "wrong_item",
    "changed_mind", "other",
]  # fmt: skip
TICKET_CHANNELS = ["email", "phone", "chat", "web"]
SURVEYS = ["csat", "nps", "ces"]
THEMES = ["delivery", "product", "price", "service", "website"]
COMMENTS = [
    "Thank you, all fine.", "Came two days late.", "Schöne Verpackung!", "The handle is loose.",
    "Too expensive for what it is.", "Gern wieder.", "Nobody answered my mail.", "Très bien.",
]  # fmt: skip
INDUSTRIES = ["hospitality", "retail", "offices", "health", "education", "events"]
TAX = 0.19
STRANGER, SHARED_DEVICE = 50_000_000, 60_000_000


@dataclass
class Tally:
    """Counts of one block for the truth about campaigns and experiments."""

    targeted: np.ndarray
    incremental: np.ndarray
    assigned: np.ndarray
    exposed: np.ndarray
    induced: np.ndarray


@dataclass
class Sales:
    """Arrays over orders (hundredths of the order's currency) and over order lines."""

    currency: np.ndarray
    channel: np.ndarray
    gross: np.ndarray
    discount: np.ndarray
    shipping: np.ndarray
    row: np.ndarray  # line -> order
    line: np.ndarray  # line number within the order
    product: np.ndarray
    quantity: np.ndarray
    price: np.ndarray
    line_discount: np.ndarray
    has_items: np.ndarray
    net_reporting: np.ndarray


def block_tables(
    company: Company, number: int, first: int, count: int
) -> tuple[dict[str, pa.Table], Tally]:
    """Every table of one block, and its counts."""
    block = simulate(company, number, first, count)
    maker = _Maker(company, block)
    sales = _sales(company, block)
    touches, visitors = build_touches(company, block, sales.net_reporting)
    tables = {
        "customers": _customers(maker),
        "accounts": _accounts(maker),
        "order_items": _order_items(maker, sales),
        "consents": _consents(maker),
        "identity_links": _identity_links(maker, visitors),
        "experiment_assignments": _experiment_assignments(maker),
        "erasure_requests": _erasure_requests(maker),
        "truth_customers": _truth_customers(maker),
        "truth_orders": _truth_orders(maker),
    }
    tables["refunds"], refunded = _refunds(maker, sales)
    tables["orders"] = _orders(maker, sales, refunded)
    tables["tickets"] = _tickets(maker, touches)
    tables["feedback"] = _feedback(maker)
    tables["interactions"] = _interactions(maker, touches, visitors)
    return tables, _tally(company, block)


class _Maker:
    """Keys of the block as Arrow arrays, and shorthands for columns of times and keys."""

    def __init__(self, company: Company, block: Block) -> None:
        units, orders = block.units, block.orders
        self.company, self.block, self.rng = company, block, block.rng
        self.number = units.first + np.arange(units.customers)
        self.customer_ids = schema.ids("C", (self.number, 7))
        self.account_ids = schema.ids("B", (self.number, 7))
        self.order_ids = schema.ids("O", (self.number[orders.customer], 7), (orders.rank, 4))
        self.campaign_ids = campaign_ids(company)

    def time(self, seconds: np.ndarray) -> pa.Array:
        """A timestamp column; NEVER is NULL."""
        valid = seconds < NEVER
        return schema.times(self.company.epoch, np.where(valid, seconds, 0), valid)

    def loaded(self, seconds: np.ndarray) -> pa.Array:
        """The nightly load after each time; a few rows come up to six days late."""
        late = (self.rng.random(len(seconds)) < 0.015) * self.rng.integers(1, 7, len(seconds))
        return self.time((seconds // DAY + 1 + late) * DAY + 2 * HOUR)

    def customer(self, position: np.ndarray) -> pa.Array:
        """Customer ids by position in the block; negative is NULL."""
        return schema.pick(position, self.customer_ids)

    def order(self, position: np.ndarray) -> pa.Array:
        """Order ids by position in the block; negative is NULL."""
        return schema.pick(position, self.order_ids)

    def campaign(self, position: np.ndarray) -> pa.Array:
        """Campaign ids by number; negative is NULL."""
        return schema.pick(position, self.campaign_ids)

    def some(self, share: float, words: list[str], rows: int) -> pa.Array:
        """Random words; the rest NULL."""
        code = self.rng.integers(0, len(words), rows)
        return schema.pick(np.where(self.rng.random(rows) < share, code, -1), words)


def _table(name: str, columns: dict[str, pa.Array]) -> pa.Table:
    """Columns in the contract's order; dictionary columns stay encoded until they are written."""
    names = schema.SCHEMAS[name].names
    if set(names) != set(columns):
        raise AssertionError(f"{name}: columns {set(names) ^ set(columns)}")
    return pa.table([columns[column] for column in names], names=names)


# --- orders and money ------------------------------------------------------------------------


def _sales(company: Company, block: Block) -> Sales:
    """What is in each order. Prices rise 3 per cent a year; accounts buy in quantity."""
    rng, units, orders = block.rng, block.units, block.orders
    count, unit = len(orders.at), orders.unit
    b2b = units.b2b[unit]
    channel = np.where(
        b2b,
        rng.choice([5, 3, 0], count, p=[0.6, 0.2, 0.2]),
        rng.choice(5, count, p=[0.60, 0.17, 0.14, 0.04, 0.05]),
    )
    has_items = ~((channel == 2) & (rng.random(count) < 0.06))
    lines = 1 + rng.poisson(np.where(b2b, 1.4, 0.95))
    row = np.repeat(np.arange(count), lines)
    line = np.arange(len(row)) - np.repeat(np.cumsum(lines) - lines, lines)
    fee = (line > 0) & (rng.random(len(row)) < 0.03)
    product = np.where(
        fee, len(company.prices) + rng.integers(0, 2, len(row)), _products(block, unit[row])
    )
    quantity = np.where(b2b[row], 4 + rng.poisson(12, len(row)), 1 + rng.poisson(0.3, len(row)))
    quantity[fee] = 1
    currency = COUNTRY_CURRENCY[units.country[unit]]
    listed = np.concatenate([company.prices, [890, 350]])[product]
    year = orders.at[row] // (365 * DAY)
    price = np.round(listed * 1.03**year / BASE_RATES[currency[row]]).astype(np.int64)
    value = price * quantity
    line_discount = np.where(rng.random(len(row)) < 0.07, value // 10, 0)
    gross = np.bincount(row, weights=value, minlength=count).astype(np.int64)
    reduced = np.bincount(row, weights=line_discount, minlength=count).astype(np.int64)
    rate = np.where(rng.random(count) < 0.11, rng.choice([0.10, 0.15], count), 0.0)
    offers = np.array([item.discount for item in company.campaigns] + [0.0])
    rate = np.where(orders.origin == BY_CAMPAIGN, offers[orders.cause], rate)
    discount = np.round((gross - reduced) * rate).astype(np.int64)
    shipping = np.where((gross < 6000) & (channel != 2), 495, 0)
    # without lines the order's own discount carries the line discounts too
    discount = np.where(has_items, discount, discount + reduced)
    net = gross - discount - np.where(has_items, reduced, 0)
    keep = has_items[row]
    return Sales(
        currency=currency,
        channel=channel,
        gross=gross,
        discount=discount,
        shipping=shipping,
        row=row[keep],
        line=line[keep],
        product=product[keep],
        quantity=quantity[keep],
        price=price[keep],
        line_discount=line_discount[keep],
        has_items=has_items,
        net_reporting=np.round(net * BASE_RATES[currency]).astype(np.int64),
    )


def _products(block: Block, unit: np.ndarray) -> np.ndarray:
    """Favourite category in two of three lines, its neighbour (cross-sell) in one of six."""
    rng, units = block.rng, block.units
    draw, size = rng.random(len(unit)), PRODUCTS_PER_CATEGORY
    own = units.category[unit]
    category = np.where(
        draw < 0.66, own, np.where(draw < 0.83, own ^ 1, rng.integers(0, 8, len(unit)))
    )
    place = np.floor((units.level[unit] + rng.normal(0, 0.18, len(unit))) * size)
    return (category * size + np.clip(place, 0, size - 1)).astype(np.int64)


def _orders(maker: _Maker, sales: Sales, refunded: np.ndarray) -> pa.Table:
    """One row per version: as placed, and again when cancelled, delivered or sent back."""
    rng, orders, end = maker.rng, maker.block.orders, maker.company.end
    count = len(orders.at)
    cancelled = np.where(
        orders.origin == CANCELLED, orders.at + rng.integers(300, 2 * DAY, count), NEVER
    )
    delivered = np.where(
        (rng.random(count) < 0.05) & (sales.channel != 2) & (orders.origin != CANCELLED),
        orders.at + rng.integers(DAY, 5 * DAY, count),
        NEVER,
    )
    placed = np.where(sales.channel == 2, 1, 0)
    versions = [
        (np.arange(count), placed, orders.at),
        *(
            (rows, np.full(len(rows), status), at[rows])
            for at, status in ((cancelled, 3), (delivered, 2), (refunded, 4))
            for rows in [np.flatnonzero(at < end)]
        ),
    ]
    row, status, changed = (np.concatenate([v[i] for v in versions]) for i in range(3))
    order = np.lexsort((status, changed, row))
    row, status, changed = row[order], status[order], changed[order]
    net = sales.gross - sales.discount
    net = net - np.bincount(sales.row, weights=sales.line_discount, minlength=count).astype(
        np.int64
    )
    coupon = np.where(sales.discount > 0, rng.integers(0, len(COUPONS), count), -1)
    campaign = np.where(orders.origin == BY_CAMPAIGN, orders.cause, -1)
    acquired = maker.block.units.campaign[orders.unit]
    is_first = orders.at == maker.block.units.first_order[orders.unit]
    campaign = np.where(is_first & (acquired >= 0), acquired, campaign)
    payment = np.where(
        sales.channel == 2, 3, rng.choice([0, 1, 2, 4], count, p=[0.45, 0.3, 0.2, 0.05])
    )
    payment = np.where(maker.block.units.b2b[orders.unit], 2, payment)
    return _table(
        "orders",
        {
            "order_id": maker.order(row),
            "customer_id": maker.customer(
                np.where(orders.origin[row] == GUEST, -1, orders.customer[row])
            ),
            "ordered_at": maker.time(orders.at[row]),
            "status": schema.pick(status, STATUSES),
            "sales_channel": schema.pick(sales.channel[row], SALES_CHANNELS),
            "payment_method": schema.pick(payment[row], PAYMENTS),
            "currency": schema.pick(sales.currency[row], CURRENCIES),
            "gross_amount": schema.money(sales.gross[row]),
            "discount_amount": schema.money(sales.discount[row]),
            "shipping_amount": schema.money(sales.shipping[row]),
            "tax_amount": schema.money(np.round(net[row] * TAX).astype(np.int64)),
            "coupon_code": schema.pick(coupon[row], COUPONS),
            "campaign_id": maker.campaign(campaign[row]),
            "cancelled_at": maker.time(np.where(status == 3, changed, NEVER)),
            "updated_at": maker.time(changed),
            "_loaded_at": maker.loaded(changed),
        },
    )


def _order_items(maker: _Maker, sales: Sales) -> pa.Table:
    """Marketplace lines carry their amount only; elsewhere the amount is given now and then."""
    rng, orders = maker.rng, maker.block.orders
    row = sales.row
    marketplace = sales.channel[row] == 4
    has_amount = marketplace | (rng.random(len(row)) < 0.4)
    return _table(
        "order_items",
        {
            "order_item_id": schema.ids(
                "L", (maker.number[orders.customer[row]], 7), (orders.rank[row], 4), (sales.line, 2)
            ),
            "order_id": maker.order(row),
            "product_id": schema.pick(sales.product, product_ids()),
            "quantity": schema.numbers(sales.quantity),
            "unit_price": schema.money(sales.price, ~marketplace),
            "line_amount": schema.money(sales.price * sales.quantity, has_amount),
            "discount_amount": schema.money(sales.line_discount),
            "_loaded_at": maker.loaded(orders.at[row]),
        },
    )


def _refunds(maker: _Maker, sales: Sales) -> tuple[pa.Table, np.ndarray]:
    """Whole orders and single lines come back; also the times of whole refunds per order."""
    rng, orders, end = maker.rng, maker.block.orders, maker.company.end
    count = len(orders.at)
    draw = rng.random(count)
    whole = draw < 0.007 + 0.10 * orders.bad
    part = ~whole & (draw < 0.035 + 0.40 * orders.bad) & sales.has_items
    at = orders.at + rng.integers(2 * DAY, 40 * DAY, count)
    valid = (orders.origin != CANCELLED) & (at < end)
    rows = np.flatnonzero(valid & (whole | part))
    is_whole = whole[rows]
    first_line = np.searchsorted(sales.row, rows)
    first_line = np.minimum(first_line, max(len(sales.row) - 1, 0))
    lines_discount = np.bincount(sales.row, weights=sales.line_discount, minlength=count)
    before = sales.gross - lines_discount.astype(np.int64)
    net = before - sales.discount
    if len(sales.row):
        line_value = sales.price * sales.quantity - sales.line_discount
        share = np.where(before[rows] > 0, net[rows] / np.maximum(before[rows], 1), 0.0)
        line_net = np.floor(line_value[first_line] * share).astype(np.int64)
    else:
        line_net = np.zeros(len(rows), dtype=np.int64)
    amount = np.where(is_whole, net[rows], line_net)
    reason = np.where(
        orders.bad[rows],
        rng.choice([0, 1, 2, 3, 7], len(rows)),
        rng.choice([4, 5, 6, 8], len(rows)),
    )
    item_ids = schema.ids(
        "L",
        (maker.number[orders.customer[rows]], 7),
        (orders.rank[rows], 4),
        (np.zeros(len(rows), np.int64), 2),
    )
    known = (orders.origin[rows] != GUEST) & (rng.random(len(rows)) < 0.7)
    table = _table(
        "refunds",
        {
            "refund_id": schema.ids(
                "R", (maker.number[orders.customer[rows]], 7), (orders.rank[rows], 4)
            ),
            "order_id": maker.order(rows),
            "order_item_id": schema.pick(np.where(is_whole, -1, np.arange(len(rows))), item_ids),
            "customer_id": maker.customer(np.where(known, orders.customer[rows], -1)),
            "refunded_at": maker.time(at[rows]),
            "amount": schema.money(amount),
            "tax_amount": schema.money(np.round(amount * TAX).astype(np.int64)),
            "shipping_amount": schema.money(np.where(is_whole, sales.shipping[rows], 0)),
            "reason": schema.pick(reason, REFUND_REASONS),
            "_loaded_at": maker.loaded(at[rows]),
        },
    )
    refunded = np.full(count, NEVER, dtype=np.int64)
    refunded[rows[is_whole]] = at[rows[is_whole]]
    return table, refunded


# --- people ----------------------------------------------------------------------------------


def _customers(maker: _Maker) -> pa.Table:
    """One row per version: on first sight, and for a few a later change of region."""
    rng, units, end = maker.rng, maker.block.units, maker.company.end
    unit = units.unit_of
    count = len(unit)
    unregistered = np.minimum(units.first_order[unit], units.joined[unit] + DAY)
    seen = np.where(units.registered < NEVER, units.registered, unregistered)
    seen = np.minimum(seen, end - 1)
    moved = seen + rng.integers(30 * DAY, 500 * DAY, count)
    moves = np.flatnonzero((rng.random(count) < 0.03) & (moved < end))
    row = np.concatenate([np.arange(count), moves])
    changed = np.concatenate([seen, moved[moves]])
    place = rng.integers(0, 3, count)
    place = np.concatenate([place, (place[moves] + 1) % 3])
    order = np.lexsort((changed, row))
    row, changed, place = row[order], changed[order], place[order]
    country = units.country[unit[row]]
    regions = [name for key in COUNTRIES for name in REGIONS[key]]
    source = np.where(
        units.merged_into[unit] >= 0, units.lead[units.merged_into[unit]], np.arange(count)
    )
    emails = pc.binary_join_element_wise(
        pc.utf8_lower(maker.customer_ids.take(pa.array(source))), "example.com", "@"
    )
    has_email = rng.random(count) < 0.94
    declared = np.where(rng.random(count) < 0.7, units.channel[unit], -1)
    referrer = units.referrer[unit]
    b2b = units.b2b[unit[row]]
    return _table(
        "customers",
        {
            "customer_id": maker.customer(row),
            "account_id": schema.pick(np.where(b2b, units.lead[unit[row]], -1), maker.account_ids),
            "customer_type": schema.pick(b2b.astype(np.int64), ["b2c", "b2b"]),
            "email": schema.pick(np.where(has_email[row], row, -1), emails),
            "country": schema.pick(country, COUNTRIES),
            "region": schema.pick(country * 3 + place, regions),
            "registered_at": maker.time(units.registered[row]),
            "acquisition_channel": schema.pick(declared[row], ACQUISITION_CHANNELS),
            "referrer_customer_id": maker.customer(
                np.where(referrer[row] >= 0, units.lead[referrer[row]], -1)
            ),
            "updated_at": maker.time(changed),
            "_loaded_at": maker.loaded(changed),
        },
    )


def _accounts(maker: _Maker) -> pa.Table:
    rng, units = maker.rng, maker.block.units
    unit = np.flatnonzero(units.b2b)
    rows = len(unit)
    parent = np.where((rng.random(rows) < 0.1) & (np.arange(rows) > 0), units.lead[unit - 1], -1)
    names = pc.binary_join_element_wise(
        "Company", maker.account_ids.take(pa.array(units.lead[unit])), " "
    )
    return _table(
        "accounts",
        {
            "account_id": schema.pick(units.lead[unit], maker.account_ids),
            "account_name": names,
            "industry": maker.some(1.0, INDUSTRIES, rows),
            "employee_count": schema.numbers(np.round(np.exp(rng.normal(3.8, 1.2, rows))) + 1),
            "parent_account_id": schema.pick(parent, maker.account_ids),
            "_loaded_at": maker.loaded(units.joined[unit]),
        },
    )


def _consents(maker: _Maker) -> pa.Table:
    rng, units, end = maker.rng, maker.block.units, maker.company.end
    gives = np.flatnonzero(units.granted < end)
    texts = gives[rng.random(len(gives)) < 0.25]
    stops = np.flatnonzero(units.revoked < end)
    unit = np.concatenate([gives, texts, stops])
    at = np.concatenate([units.granted[gives], units.granted[texts], units.revoked[stops]])
    channel = np.repeat([0, 1, 0], [len(gives), len(texts), len(stops)])
    granted = np.repeat([True, True, False], [len(gives), len(texts), len(stops)])
    source = np.where(rng.random(len(unit)) < 0.12, 1, 0)
    order = np.lexsort((channel, at, unit))
    unit, at, channel = unit[order], at[order], channel[order]
    return _table(
        "consents",
        {
            "customer_id": maker.customer(units.lead[unit]),
            "channel": schema.pick(channel, ["email", "sms"]),
            "is_granted": schema.numbers(granted[order], kind=schema.FLAG),
            "recorded_at": maker.time(at),
            "source": schema.pick(np.where(granted[order], source, -1), ["form", "incentive"]),
            "_loaded_at": maker.loaded(at),
        },
    )


def _identity_links(maker: _Maker, visitors: Visitors) -> pa.Table:
    """Own devices, a partner's device, shared devices (too many logins), and merged doubles."""
    rng, units, end = maker.rng, maker.block.units, maker.company.end
    own = np.flatnonzero(units.login < end)
    couples = own[rng.random(len(own)) < 0.02]
    couples = couples[couples > 0]
    partner = couples - 1
    both = (units.login[partner] < end) & ~units.b2b[partner]
    couples, partner = couples[both], partner[both]
    couple_at = np.maximum(units.login[couples], units.login[partner]) + rng.integers(
        DAY, 90 * DAY, len(couples)
    )
    members = np.concatenate([*visitors.members, np.zeros(0, np.int64)]).astype(np.int64)
    shared_at = np.concatenate([*visitors.login_at, np.zeros(0, np.int64)]).astype(np.int64)
    device = np.repeat(np.arange(visitors.shared), [len(group) for group in visitors.members])
    merged = np.flatnonzero(units.merged_at < end)
    base = units.customers + visitors.strangers
    person = units.lead
    source = np.concatenate([person[own], person[partner], base + device, person[merged]])
    target = np.concatenate(
        [person[own], person[couples], person[members], person[units.merged_into[merged]]]
    )
    at = np.concatenate([units.login[own], couple_at, shared_at, units.merged_at[merged]])
    is_merge = np.arange(len(at)) >= len(at) - len(merged)
    kept = np.flatnonzero(at < end)
    source, target, at, is_merge = source[kept], target[kept], at[kept], is_merge[kept]
    keys = pa.concat_arrays([_device_ids(maker, visitors), maker.customer_ids])
    offset = units.customers + visitors.strangers + visitors.shared
    order = np.lexsort((source, at, target))
    source, target, at, is_merge = source[order], target[order], at[order], is_merge[order]
    rank = np.arange(len(at)) - np.searchsorted(target, target)
    return _table(
        "identity_links",
        {
            "link_id": schema.ids("N", (maker.number[target], 7), (rank, 3)),
            "link_type": schema.pick(is_merge.astype(np.int64), ["login", "merge"]),
            "source_id": schema.pick(np.where(is_merge, offset + source, source), keys),
            "target_id": maker.customer(target),
            "linked_at": maker.time(at),
            "_loaded_at": maker.loaded(at),
        },
    )


def _owner_numbers(maker: _Maker, visitors: Visitors) -> np.ndarray:
    """Numbers of customers, then strangers, then shared devices; no two blocks share one."""
    first = maker.block.units.first
    return np.concatenate(
        [
            maker.number,
            STRANGER + first + np.arange(visitors.strangers),
            SHARED_DEVICE + first + np.arange(visitors.shared),
        ]
    )


def _device_ids(maker: _Maker, visitors: Visitors) -> pa.Array:
    return schema.ids("A", (_owner_numbers(maker, visitors), 8))


def _experiment_assignments(maker: _Maker) -> pa.Table:
    units, company, found = maker.block.units, maker.company, maker.block.assignments
    anonymous = np.array([x.unit == "anonymous" for x in company.experiments], dtype=bool)
    hidden = anonymous[found.experiment]
    person = units.lead[found.unit]
    devices = schema.ids("A", (maker.number, 8))
    variants = [variant for x in company.experiments for variant in x.variants]
    start = np.cumsum([0] + [len(x.variants) for x in company.experiments])
    exposed = np.where(found.exposed < company.end, found.exposed, NEVER)
    return _table(
        "experiment_assignments",
        {
            "experiment_id": schema.pick(found.experiment, [x.id for x in company.experiments]),
            "variant": schema.pick(start[found.experiment] + found.variant, variants),
            "customer_id": maker.customer(np.where(hidden, -1, person)),
            "anonymous_id": schema.pick(np.where(hidden, person, -1), devices),
            "assigned_at": maker.time(found.at),
            "exposed_at": maker.time(exposed),
            "_loaded_at": maker.loaded(np.maximum(found.at, np.where(exposed < NEVER, exposed, 0))),
        },
    )


def _erasure_requests(maker: _Maker) -> pa.Table:
    rng, units, end = maker.rng, maker.block.units, maker.company.end
    at = units.joined[units.unit_of] + rng.integers(60 * DAY, 700 * DAY, units.customers)
    row = np.flatnonzero((rng.random(units.customers) < 0.0015) & (at < end))
    return _table(
        "erasure_requests",
        {
            "request_id": schema.ids("E", (maker.number[row], 7)),
            "customer_id": maker.customer(row),
            "requested_at": maker.time(at[row]),
            "_loaded_at": maker.loaded(at[row]),
        },
    )


# --- service and feedback --------------------------------------------------------------------


def _tickets(maker: _Maker, touches: Touches) -> pa.Table:
    """Complaints follow disappointing orders; other questions follow one order in eight."""
    rng, orders, end = maker.rng, maker.block.orders, maker.company.end
    count = len(orders.at)
    draw = rng.random(count)
    reachable = (orders.origin != CANCELLED) & (orders.origin != GUEST)
    complaint = reachable & orders.bad & (draw < 0.55)
    question = reachable & ~complaint & (draw < 0.12)
    opened = orders.at + rng.integers(HOUR, 12 * DAY, count)
    row = np.flatnonzero((complaint | question) & (opened < end))
    opened, is_complaint = opened[row], complaint[row]
    answered = opened + np.exp(rng.normal(np.log(3 * HOUR), 1.0, len(row))).astype(np.int64) + 60
    solved = answered + np.exp(rng.normal(np.log(20 * HOUR), 1.1, len(row))).astype(np.int64)
    open_still = rng.random(len(row)) < 0.03
    answered = np.where(answered < end, answered, NEVER)
    solved = np.where(open_still | (solved >= end) | (answered == NEVER), NEVER, solved)
    ticket_ids = schema.ids("T", (maker.number[orders.customer[row]], 7), (orders.rank[row], 4))
    maker.ticket_ids = ticket_ids
    channel = rng.choice(4, len(row), p=[0.4, 0.25, 0.2, 0.15])
    calls = channel == 1
    place = np.arange(len(row))
    touches.add(
        orders.customer[row[calls]], opened[calls], "call_inbound", "phone", ticket=place[calls]
    )
    angry = is_complaint & (rng.random(len(row)) < 0.5)
    touches.add(
        orders.customer[row[angry]], opened[angry], "complaint", "phone", ticket=place[angry]
    )
    topic = np.where(is_complaint, rng.integers(0, 6, len(row)), rng.choice([0, 6, 7], len(row)))
    latest = np.maximum(opened, np.where(solved < NEVER, solved, 0))
    latest = np.maximum(latest, np.where(answered < NEVER, answered, 0))
    return _table(
        "tickets",
        {
            "ticket_id": ticket_ids,
            "customer_id": maker.customer(orders.customer[row]),
            "opened_at": maker.time(opened),
            "first_response_at": maker.time(answered),
            "resolved_at": maker.time(solved),
            "channel": schema.pick(channel, TICKET_CHANNELS),
            "topic": schema.pick(topic, TOPICS),
            "handover_count": schema.numbers(rng.poisson(0.3 + 0.5 * is_complaint)),
            "is_complaint": schema.numbers(is_complaint, kind=schema.FLAG),
            "_loaded_at": maker.loaded(latest),
        },
    )


def _feedback(maker: _Maker) -> pa.Table:
    """CSAT, NPS and CES after orders; disappointed customers answer more often, and lower."""
    rng, orders, end = maker.rng, maker.block.orders, maker.company.end
    asked = (orders.origin != CANCELLED) & (orders.origin != GUEST)
    parts = []
    for survey, share, days in ((0, 0.10, 9), (1, 0.05, 20), (2, 0.03, 9)):
        answers = asked & (rng.random(len(orders.at)) < share + 0.25 * orders.bad)
        row = np.flatnonzero(answers)
        at = orders.at[row] + rng.integers(DAY, days * DAY, len(row))
        good = {0: [0, 0.02, 0.1, 0.4, 0.48], 1: None, 2: None}[survey]
        if survey == 0:
            happy = 1 + rng.choice(5, len(row), p=good)
            sad = 1 + rng.choice(5, len(row), p=[0.4, 0.3, 0.2, 0.07, 0.03])
        elif survey == 1:
            happy, sad = 5 + rng.binomial(5, 0.72, len(row)), rng.binomial(9, 0.4, len(row))
        else:
            happy, sad = 2 + rng.binomial(5, 0.75, len(row)), 1 + rng.binomial(6, 0.3, len(row))
        parts.append((row, at, np.full(len(row), survey), np.where(orders.bad[row], sad, happy)))
    row, at, survey, score = (np.concatenate([p[i] for p in parts]) for i in range(4))
    keep = at < end
    row, at, survey, score = row[keep], at[keep], survey[keep], score[keep]
    order = np.lexsort((survey, at, row))
    row, at, survey, score = row[order], at[order], survey[order], score[order]
    low = score < np.array([3, 7, 4])[survey]
    closed = at + rng.integers(HOUR, 8 * DAY, len(row))
    closed = np.where(low & (rng.random(len(row)) < 0.55) & (closed < end), closed, NEVER)
    theme = np.where(rng.random(len(row)) < 0.5, rng.integers(0, len(THEMES), len(row)), -1)
    return _table(
        "feedback",
        {
            "feedback_id": schema.ids(
                "F", (maker.number[orders.customer[row]], 7), (orders.rank[row], 4), (survey, 1)
            ),
            "customer_id": maker.customer(orders.customer[row]),
            "responded_at": maker.time(at),
            "survey_type": schema.pick(survey, SURVEYS),
            "score": schema.numbers(score),
            "order_id": maker.order(row),
            "touchpoint": schema.pick(np.zeros(len(row), np.int64), ["delivery"]),
            "theme": schema.pick(theme, THEMES),
            "comment": maker.some(0.2, COMMENTS, len(row)),
            "closed_at": maker.time(closed),
            "_loaded_at": maker.loaded(np.where(closed < NEVER, closed, at)),
        },
    )


# --- interactions ----------------------------------------------------------------------------


def _interactions(maker: _Maker, touches: Touches, visitors: Visitors) -> pa.Table:
    """Rows by customer and time. Before the login only the device is seen."""
    rng, units, company = maker.rng, maker.block.units, maker.company
    rows = touches.sorted(company.end)
    owner, at, channel = rows["owner"], rows["at"], rows["channel"]
    count = len(owner)
    person = owner < units.customers
    unit = units.unit_of[np.where(person, owner, 0)]
    on_device = ON_DEVICE[channel] & units.device[unit] & person
    on_device &= rows["type"] != TYPE["referral_converted"]
    logged_in = at >= units.login[unit]
    draw = rng.random(count)
    shows_customer = person & (~on_device | (logged_in & (draw >= 0.07)))
    shows_device = ~person | (on_device & (~logged_in | (draw < 0.92)))
    rank = np.arange(count) - np.searchsorted(owner, owner)
    numbers = _owner_numbers(maker, visitors)
    source = UTM_OF_CHANNEL[channel]
    source = np.where(np.isin(rows["type"], [TYPE["ad_click"], TYPE["email_click"]]), source, -1)
    visits = (rows["type"] == TYPE["visit"]) & np.isin(
        channel, [CHANNEL["paid_search"], CHANNEL["paid_social"]]
    )
    source = np.where(visits, UTM_OF_CHANNEL[channel], source)
    names = pa.array([item.name for item in company.campaigns], schema.TEXT)
    has_value = rows["hundredths"] >= 0
    contract = rows["type"] == TYPE["contract"]
    return _table(
        "interactions",
        {
            "interaction_id": schema.ids("I", (numbers[owner], 8), (rank, 5)),
            "customer_id": maker.customer(np.where(shows_customer, owner, -1)),
            "anonymous_id": schema.pick(
                np.where(shows_device, owner, -1), _device_ids(maker, visitors)
            ),
            "occurred_at": maker.time(at),
            "interaction_type": schema.pick(rows["type"], TYPES),
            "channel": schema.pick(channel, CHANNELS),
            "campaign_id": maker.campaign(rows["campaign"]),
            "product_id": schema.pick(rows["product"], product_ids()),
            "order_id": maker.order(rows["order"]),
            "ticket_id": schema.pick(rows["ticket"], maker.ticket_ids),
            "utm_source": schema.pick(source, UTM_SOURCES),
            "utm_medium": schema.pick(source, UTM_MEDIA),
            "utm_campaign": schema.pick(np.where(source >= 0, rows["campaign"], -1), names),
            "amount": schema.money(np.where(has_value, rows["hundredths"], 0), has_value),
            "currency": schema.pick(np.where(contract & has_value, 0, -1), CURRENCIES),
            "properties": schema.pick(rows["properties"], PROPERTIES),
            "_loaded_at": maker.loaded(at),
        },
    )


# --- truth -----------------------------------------------------------------------------------


def _unit_ids(maker: _Maker, unit: np.ndarray) -> pa.Array:
    """Customer id of a person, account id of an account."""
    units = maker.block.units
    keys = pa.concat_arrays([maker.customer_ids, maker.account_ids])
    return schema.pick(units.lead[unit] + units.b2b[unit] * units.customers, keys)


def _truth_customers(maker: _Maker) -> pa.Table:
    units = maker.block.units
    every = np.arange(len(units.b2b))
    buyer = units.first_order < NEVER
    latest = np.where(units.returned < NEVER, units.dropped_again, units.dropped)
    merged = np.where(units.merged_into >= 0, units.lead[units.merged_into], -1)
    return _table(
        "truth_customers",
        {
            "unit_id": _unit_ids(maker, every),
            "customer_type": schema.pick(units.b2b.astype(np.int64), ["b2c", "b2b"]),
            "is_buyer": schema.numbers(buyer, kind=schema.FLAG),
            "arrived_at": maker.time(units.joined),
            "first_order_at": maker.time(units.first_order),
            "orders_per_day": schema.numbers(units.rate, kind=schema.REAL),
            "dropout_probability": schema.numbers(units.dropout, kind=schema.REAL),
            "price_level": schema.numbers(units.level, kind=schema.REAL),
            "dropped_out_at": maker.time(units.dropped),
            "churn_reason": schema.pick(units.reason, CHURN_REASONS),
            "returned_at": maker.time(units.returned),
            "dropped_out_again_at": maker.time(units.dropped_again),
            "is_alive_at_end": schema.numbers(buyer & (latest == NEVER), kind=schema.FLAG),
            "acquired_by_campaign_id": maker.campaign(units.campaign),
            "merged_into": maker.customer(merged),
        },
    )


def _truth_orders(maker: _Maker) -> pa.Table:
    orders, company = maker.block.orders, maker.company
    keys = [c.id for c in company.campaigns] + [x.id for x in company.experiments]
    offset = np.where(orders.origin == BY_EXPERIMENT, len(company.campaigns), 0)
    guest = orders.origin == GUEST
    units = _unit_ids(maker, orders.unit)
    return _table(
        "truth_orders",
        {
            "order_id": maker.order(np.arange(len(orders.at))),
            "unit_id": pc.if_else(
                pa.array(guest), pa.scalar(None, schema.TEXT), units.cast(schema.TEXT)
            ),
            "origin": schema.pick(orders.origin, ORIGINS),
            "cause_id": schema.pick(np.where(orders.cause >= 0, orders.cause + offset, -1), keys),
            "is_disappointing": schema.numbers(orders.bad, kind=schema.FLAG),
        },
    )


def _tally(company: Company, block: Block) -> Tally:
    """Counts per campaign and per (experiment, variant); variants have three places each."""
    contacts, tested, units = block.contacts, block.assignments, block.units
    campaigns, arms = len(company.campaigns), len(company.experiments) * 3
    arm = tested.experiment * 3 + tested.variant
    brought = units.campaign[units.campaign >= 0]
    acquired = np.bincount(brought, minlength=campaigns)
    return Tally(
        targeted=np.bincount(contacts.campaign, minlength=campaigns),
        incremental=acquired
        + np.bincount(contacts.campaign[contacts.induced < NEVER], minlength=campaigns),
        assigned=np.bincount(arm, minlength=arms),
        exposed=np.bincount(arm[tested.exposed < NEVER], minlength=arms),
        induced=np.bincount(arm[tested.induced < NEVER], minlength=arms),
    )


def truth_about_effects(company: Company, tally: Tally) -> dict[str, pa.Table]:
    """truth_campaigns and truth_experiments from the summed counts."""
    campaigns = company.campaigns
    arms = [
        (number, place)
        for number, x in enumerate(company.experiments)
        for place in range(len(x.variants))
    ]
    at = np.array([number * 3 + place for number, place in arms], dtype=np.int64)
    chosen = [(company.experiments[number], place) for number, place in arms]
    return {
        "truth_campaigns": _table(
            "truth_campaigns",
            {
                "campaign_id": campaign_ids(company),
                "effect_on": pa.array(
                    ["newcomers" if c.objective == "acquisition" else "orders" for c in campaigns],
                    schema.TEXT,
                ),
                "true_effect": pa.array([c.effect for c in campaigns], schema.REAL),
                "targeted": schema.numbers(tally.targeted),
                "incremental": schema.numbers(tally.incremental),
            },
        ),
        "truth_experiments": _table(
            "truth_experiments",
            {
                "experiment_id": pa.array([x.id for x, _ in chosen], schema.TEXT),
                "variant": pa.array([x.variants[place] for x, place in chosen], schema.TEXT),
                "true_added_order_probability": pa.array(
                    [x.lifts[place] for x, place in chosen], schema.REAL
                ),
                "assigned": schema.numbers(tally.assigned[at]),
                "exposed": schema.numbers(tally.exposed[at]),
                "incremental_orders": schema.numbers(tally.induced[at]),
            },
        ),
    }
