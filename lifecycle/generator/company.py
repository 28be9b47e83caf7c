"""What is the same for every customer: calendar, products, campaigns, experiments, rates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from lifecycle.generator import schema

ZONE = ZoneInfo("Europe/Berlin")
DAY = 86_400
HOUR = 3_600

CATEGORIES = ["coffee", "tea", "kitchen", "tableware", "textiles", "garden", "lighting", "gifts"]
BRANDS = ["Aster", "Birke", "Corvus", "Dohle", "Eibe", "Falke", "Ginster"]
PRODUCTS_PER_CATEGORY = 8
FEES = [("postage", "Express postage", 890), ("gift_wrap", "Gift wrapping", 350)]

COUNTRIES = ["DE", "AT", "CH", "GB", "US", "PL", "FR"]
COUNTRY_SHARE = [0.46, 0.08, 0.07, 0.12, 0.09, 0.06, 0.12]
REGIONS = {
    "DE": ["Bayern", "Berlin", "Nordrhein-Westfalen"],
    "AT": ["Wien", "Tirol", "Steiermark"],
    "CH": ["Zürich", "Bern", "Genève"],
    "GB": ["England", "Scotland", "Wales"],
    "US": ["California", "New York", "Texas"],
    "PL": ["Mazowieckie", "Małopolskie", "Pomorskie"],
    "FR": ["Île-de-France", "Bretagne", "Occitanie"],
}
CURRENCIES = ["EUR", "CHF", "GBP", "USD", "PLN"]
COUNTRY_CURRENCY = np.array([0, 0, 1, 2, 3, 4, 0])
BASE_RATES = np.array([1.0, 1.02, 1.15, 0.92, 0.23])  # reporting currency per unit

ACQUISITION_CHANNELS = [
    "organic_search", "paid_search", "paid_social", "direct", "referral", "affiliate",
    "store", "email", "exhibition",
]  # fmt: skip
ACQUISITION_SHARE = [0.24, 0.20, 0.16, 0.12, 0.10, 0.07, 0.06, 0.03, 0.02]

HOUR_B2C = np.array([1, 1, 1, 1, 1, 1, 2, 4, 6, 7, 8, 8, 9, 8, 7, 7, 8, 9, 11, 13, 14, 12, 7, 3])
HOUR_B2B = np.array([0, 0, 0, 0, 0, 0, 1, 3, 9, 12, 12, 11, 5, 10, 11, 10, 7, 3, 1, 0, 0, 0, 0, 0])
WEEKDAY_B2C = np.array([1.00, 0.95, 0.95, 1.0, 1.0, 0.9, 1.2])
WEEKDAY_B2B = np.array([1.1, 1.15, 1.1, 1.05, 0.8, 0.02, 0.01])
MONTH_B2C = np.array([0.92, 0.85, 0.92, 0.95, 0.98, 0.95, 0.9, 0.88, 0.97, 1.02, 1.3, 1.45])
MONTH_B2B = np.array([0.95, 1.0, 1.12, 1.0, 1.0, 1.05, 0.9, 0.75, 1.1, 1.1, 1.1, 0.85])


@dataclass(frozen=True)
class Campaign:
    """One campaign; times in seconds after the start of the period.

    effect: for acquisition the share of newcomers who come because of it, else the
    probability of one more order per customer contacted.
    """

    id: str
    name: str
    channel: str
    objective: str
    start: int
    end: int
    effect: float
    discount: float
    category: int
    budget: int


@dataclass(frozen=True)
class Experiment:
    """One experiment: shares and true added order probability per variant."""

    id: str
    campaign: int
    factor: str
    segment: str | None
    unit: str
    eligible: str
    variants: tuple[str, ...]
    shares: tuple[float, ...]
    lifts: tuple[float, ...]
    start: int
    end: int


@dataclass(frozen=True)
class Company:
    """Everything that does not depend on a single customer.

    epoch: UTC second of the first instant of the period; end: seconds in the period;
    grid: hour marks in seconds; busy: accumulated activity (in average days) at these marks,
    per customer type. Prices and costs are hundredths of the reporting currency.
    order_pace and touch_pace: factors on the order rate, and on visits (1 = as documented).
    """

    customers: int
    days: int
    seed: int
    start: date
    epoch: int
    end: int
    grid: np.ndarray
    busy: dict[str, np.ndarray]
    prices: np.ndarray
    costs: np.ndarray
    campaigns: tuple[Campaign, ...]
    experiments: tuple[Experiment, ...]
    order_pace: float
    touch_pace: float


def random_stream(seed: int, *key: int) -> np.random.Generator:
    """An independent random stream for (seed, key); the same on every machine."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=key)))


def build_company(
    customers: int,
    days: int,
    seed: int,
    start: date,
    order_pace: float = 1.0,
    touch_pace: float = 1.0,
) -> Company:
    """The company for these arguments, the same whatever the number of blocks."""
    rng = random_stream(seed, 0)
    epoch = _utc_second(start)
    end = _utc_second(start + timedelta(days=days)) - epoch
    prices, costs = _prices(rng)
    campaigns = _campaigns(rng, customers, days, start, epoch)
    return Company(
        customers=customers,
        days=days,
        seed=seed,
        start=start,
        epoch=epoch,
        end=end,
        grid=np.arange(0, end + 1, HOUR, dtype=np.float64),
        busy=_busy(epoch, end, days),
        prices=prices,
        costs=costs,
        campaigns=campaigns,
        experiments=_experiments(campaigns, end),
        order_pace=order_pace,
        touch_pace=touch_pace,
    )


def to_busy(company: Company, kind: str, seconds: np.ndarray) -> np.ndarray:
    """Clock time -> accumulated activity of this customer type, in average days."""
    return np.interp(seconds, company.grid, company.busy[kind])


def from_busy(company: Company, kind: str, busy: np.ndarray) -> np.ndarray:
    """Accumulated activity -> clock time, in whole seconds."""
    return np.floor(np.interp(busy, company.busy[kind], company.grid)).astype(np.int64)


def company_tables(company: Company) -> dict[str, pa.Table]:
    """products, campaigns, marketing_spend, experiments, variants and exchange rates."""
    return {
        "products": _products_table(company),
        "campaigns": _campaigns_table(company),
        "marketing_spend": _spend_table(company),
        "experiments": _experiments_table(company),
        "experiment_variants": _variants_table(company),
        "exchange_rates": _rates_table(company),
    }


def _utc_second(day: date) -> int:
    return int(datetime.combine(day, time(), ZONE).astimezone(UTC).timestamp())


def _busy(epoch: int, end: int, days: int) -> dict[str, np.ndarray]:
    """Accumulated activity per hour: month x weekday x hour, late November much busier."""
    local = [datetime.fromtimestamp(epoch + s, ZONE) for s in range(0, end, HOUR)]
    hour = np.array([moment.hour for moment in local])
    weekday = np.array([moment.weekday() for moment in local])
    month = np.array([moment.month - 1 for moment in local])
    sale_week = np.array([moment.month == 11 and 22 <= moment.day <= 28 for moment in local])
    b2c = HOUR_B2C[hour] * WEEKDAY_B2C[weekday] * MONTH_B2C[month] * np.where(sale_week, 1.7, 1.0)
    b2b = HOUR_B2B[hour] * WEEKDAY_B2B[weekday] * MONTH_B2B[month] + 1e-6
    return {
        kind: np.concatenate([[0.0], np.cumsum(rate)]) * (days / rate.sum())
        for kind, rate in (("b2c", b2c), ("b2b", b2b))
    }


def _prices(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """List prices rise within a category; the cost is 40 to 65 per cent of the price."""
    count = len(CATEGORIES) * PRODUCTS_PER_CATEGORY
    level = np.repeat(rng.uniform(8, 30, len(CATEGORIES)), PRODUCTS_PER_CATEGORY)
    step = np.tile(np.linspace(0.4, 3.0, PRODUCTS_PER_CATEGORY), len(CATEGORIES))
    prices = np.maximum(1, np.round(level * step * rng.uniform(0.9, 1.1, count))) * 100 - 10
    costs = np.round(prices * rng.uniform(0.4, 0.65, count))
    return prices.astype(np.int64), costs.astype(np.int64)


_PLAN = [
    # objective, channel, day of the quarter, length, least and greatest effect, discount
    ("acquisition", "paid_search", 6, 28, 0.010, 0.025, 0.10),
    ("acquisition", "paid_social", 48, 28, 0.010, 0.025, 0.0),
    ("development", "email", 20, 14, 0.010, 0.030, 0.0),
    ("retention", "email", 55, 14, 0.015, 0.040, 0.10),
    ("winback", "email", 70, 21, 0.030, 0.080, 0.20),
    ("winback", "direct_mail", 30, 28, 0.020, 0.060, 0.15),
]


def _campaigns(
    rng: np.random.Generator, customers: int, days: int, start: date, epoch: int
) -> tuple[Campaign, ...]:
    """The same six campaigns every quarter, each with an effect of its own."""
    found = []
    for quarter in range(days // 91 + 1):
        for objective, channel, offset, length, low, high, discount in _PLAN:
            effect = float(rng.uniform(low, high))
            category = int(rng.integers(len(CATEGORIES)))
            first = quarter * 91 + offset
            if first + length >= days:
                continue
            begin = _utc_second(start + timedelta(days=first)) - epoch
            close = _utc_second(start + timedelta(days=first + length)) - epoch
            number = len(found) + 1
            budget = round(customers * (1.2 if objective == "acquisition" else 0.2)) + 100
            found.append(
                Campaign(
                    id=f"K{number:04d}",
                    name=f"{objective} {channel} {start.year}+{quarter + 1}",
                    channel=channel,
                    objective=objective,
                    start=begin,
                    end=close,
                    effect=effect,
                    discount=discount,
                    category=category if objective == "development" else -1,
                    budget=budget * 100,
                )
            )
    return tuple(found)


def _experiments(campaigns: tuple[Campaign, ...], end: int) -> tuple[Experiment, ...]:
    """Four experiments each half year: offer, copy, checkout, and one without any effect."""
    plan = [
        ("offer", "at_risk", "customer", "quiet", ("holdout", "offer_20"), (0.3, 0.7), (0.0, 0.12)),
        (
            "copy", None, "customer", "recent", ("plain", "friendly", "urgent"),
            (0.34, 0.33, 0.33), (0.0, 0.04, 0.06),
        ),
        ("channel", None, "anonymous", "buyers", ("current", "one_page"), (0.5, 0.5), (0.0, 0.05)),
        ("copy", None, "customer", "buyers", ("a", "a_again"), (0.5, 0.5), (0.0, 0.0)),
    ]  # fmt: skip
    found = []
    for half in range(end // (182 * DAY) + 1):
        for index, (factor, segment, unit, eligible, variants, shares, lifts) in enumerate(plan):
            begin = (half * 182 + 95 + index * 20) * DAY
            close = begin + 30 * DAY
            if close + 15 * DAY >= end:
                continue
            running = [
                number
                for number, campaign in enumerate(campaigns)
                if campaign.objective == ("winback" if factor == "offer" else "retention")
                and campaign.start <= close
                and campaign.end >= begin
            ]
            found.append(
                Experiment(
                    id=f"X{len(found) + 1:03d}",
                    campaign=running[0] if running and unit == "customer" else -1,
                    factor=factor,
                    segment=segment,
                    unit=unit,
                    eligible=eligible,
                    variants=variants,
                    shares=shares,
                    lifts=lifts,
                    start=begin,
                    end=close,
                )
            )
    return tuple(found)


def _night_after(seconds: np.ndarray) -> np.ndarray:
    """The load at two in the morning (UTC clock of the period) of the following day."""
    return (np.asarray(seconds, dtype=np.int64) // DAY + 1) * DAY + 2 * HOUR


def _planned(start: np.ndarray) -> np.ndarray:
    """Campaigns and experiments are loaded a week before they start."""
    return _night_after(start - 8 * DAY)


def _products_table(company: Company) -> pa.Table:
    kinds = np.repeat(np.arange(len(CATEGORIES)), PRODUCTS_PER_CATEGORY)
    names = [
        f"{BRANDS[(n + k) % len(BRANDS)]} {CATEGORIES[k]} {n % PRODUCTS_PER_CATEGORY + 1}"
        for n, k in enumerate(kinds)
    ]
    fees = len(FEES)
    prices = np.concatenate([company.prices, [price for _, _, price in FEES]])
    costs = np.concatenate([company.costs, [price // 2 for _, _, price in FEES]])
    rows = {
        "product_id": product_ids(),
        "product_name": pa.array(names + [name for _, name, _ in FEES]),
        "category": pa.array([CATEGORIES[k] for k in kinds] + [None] * fees, schema.TEXT),
        "unit_cost": schema.money(costs),
        "list_price": schema.money(prices),
        "is_product": pa.array([True] * len(kinds) + [False] * fees),
        "_loaded_at": schema.times(company.epoch, np.zeros(len(kinds) + fees)),
    }
    return pa.table(rows, schema=schema.SCHEMAS["products"])


def product_ids() -> pa.Array:
    """Keys of all products, fees last."""
    count = len(CATEGORIES) * PRODUCTS_PER_CATEGORY
    return pa.array([f"P{n + 1:04d}" for n in range(count)] + [key for key, _, _ in FEES])


def campaign_ids(company: Company) -> pa.Array:
    """Keys of all campaigns, in order."""
    return pa.array([campaign.id for campaign in company.campaigns], schema.TEXT)


def _campaigns_table(company: Company) -> pa.Table:
    stage = {
        "acquisition": "awareness",
        "development": "retention",
        "retention": "loyalty",
        "winback": "churn",
    }
    found = company.campaigns
    start = np.array([c.start for c in found], dtype=np.int64)
    end = np.array([c.end for c in found], dtype=np.int64)
    rows = {
        "campaign_id": campaign_ids(company),
        "campaign_name": pa.array([c.name for c in found], schema.TEXT),
        "channel": pa.array([c.channel for c in found], schema.TEXT),
        "objective": pa.array([c.objective for c in found], schema.TEXT),
        "target_stage": pa.array([stage[c.objective] for c in found], schema.TEXT),
        "target_segment": pa.array(
            ["at_risk" if c.objective == "winback" else None for c in found], schema.TEXT
        ),
        "offer_type": pa.array(
            ["discount" if c.discount > 0 else "content" for c in found], schema.TEXT
        ),
        "discount_rate": schema.money(np.array([round(c.discount * 100) for c in found], np.int64)),
        "category": pa.array(
            [CATEGORIES[c.category] if c.category >= 0 else None for c in found], schema.TEXT
        ),
        "budget_amount": schema.money(np.array([c.budget for c in found], np.int64)),
        "starts_at": schema.times(company.epoch, start),
        "ends_at": schema.times(company.epoch, end),
        "_loaded_at": schema.times(company.epoch, _planned(start)),
    }
    return pa.table(rows, schema=schema.SCHEMAS["campaigns"])


def _spend_table(company: Company) -> pa.Table:
    """Advertising per day, mailings on their day, every Monday the always-on channels."""
    rng = random_stream(company.seed, 0, 1)
    on, channel, campaign, objective, amount = [], [], [], [], []
    for number, item in enumerate(company.campaigns):
        first = (item.start + DAY // 2) // DAY
        length = round((item.end - item.start) / DAY) if item.objective == "acquisition" else 1
        days = np.arange(first, first + length)
        noise = rng.gamma(20.0, 1 / 20.0, length)
        on.append(days)
        channel += [item.channel] * length
        objective += [item.objective] * length
        campaign.append(np.full(length, number))
        amount.append(np.round(item.budget / length * noise))
    mondays = np.arange((7 - company.start.weekday()) % 7, company.days, 7)
    weekly = company.customers / max(company.days, 1) * 7 * 6.0 + 20
    for name, share in (("paid_search", 0.5), ("paid_social", 0.3), ("affiliate", 0.2)):
        trend = 1 + 0.3 * np.sin(2 * np.pi * (mondays / 365.25 - 0.6))
        noise = rng.gamma(10.0, 1 / 10.0, len(mondays))
        on.append(mondays)
        channel += [name] * len(mondays)
        objective += ["acquisition"] * len(mondays)
        campaign.append(np.full(len(mondays), -1))
        amount.append(np.round(weekly * share * trend * noise * 100))
    day = np.concatenate(on).astype(np.int64)
    cents = np.concatenate(amount).astype(np.int64)
    paid = np.isin(channel, ["paid_search", "paid_social", "affiliate"])
    clicks = rng.poisson(cents / 45)
    impressions = clicks * rng.integers(30, 70, len(day))
    first_day = (np.datetime64(company.start, "D")).astype(np.int64)
    rows = {
        "spend_on": pa.array((day + first_day).astype("datetime64[D]")),
        "channel": pa.array(channel, schema.TEXT),
        "campaign_id": schema.pick(np.concatenate(campaign), campaign_ids(company)).cast(
            schema.TEXT
        ),
        "objective": pa.array(objective, schema.TEXT),
        "amount": schema.money(cents),
        "currency": pa.array(
            ["USD" if name == "paid_social" else "EUR" for name in channel], schema.TEXT
        ),
        "impressions": schema.numbers(impressions, paid),
        "clicks": schema.numbers(clicks, paid),
        "_loaded_at": schema.times(company.epoch, _night_after(day * DAY + DAY // 2)),
    }
    table = pa.table(rows, schema=schema.SCHEMAS["marketing_spend"])
    return table.take(np.lexsort((np.arange(len(day)), day)))


def _experiments_table(company: Company) -> pa.Table:
    found = company.experiments
    start = np.array([x.start for x in found], dtype=np.int64)
    end = np.array([x.end for x in found], dtype=np.int64)
    rows = {
        "experiment_id": pa.array([x.id for x in found], schema.TEXT),
        "campaign_id": schema.pick(
            np.array([x.campaign for x in found], np.int64), campaign_ids(company)
        ).cast(schema.TEXT),
        "segment": pa.array([x.segment for x in found], schema.TEXT),
        "factor": pa.array([x.factor for x in found], schema.TEXT),
        "control_variant": pa.array([x.variants[0] for x in found], schema.TEXT),
        "primary_metric": pa.array(["order_within_14_days"] * len(found), schema.TEXT),
        "starts_at": schema.times(company.epoch, start),
        "ends_at": schema.times(company.epoch, end),
        "planned_sample": pa.array([company.customers // 10] * len(found), schema.WHOLE),
        "_loaded_at": schema.times(company.epoch, _planned(start)),
    }
    return pa.table(rows, schema=schema.SCHEMAS["experiments"])


def _variants_table(company: Company) -> pa.Table:
    rows = [
        (x.id, variant, round(share * 100), x.start)
        for x in company.experiments
        for variant, share in zip(x.variants, x.shares, strict=True)
    ]
    columns = {
        "experiment_id": pa.array([row[0] for row in rows], schema.TEXT),
        "variant": pa.array([row[1] for row in rows], schema.TEXT),
        "expected_share": schema.money(np.array([row[2] for row in rows], np.int64)),
        "_loaded_at": schema.times(
            company.epoch, _planned(np.array([row[3] for row in rows], np.int64))
        ),
    }
    return pa.table(columns, schema=schema.SCHEMAS["experiment_variants"])


def _rates_table(company: Company) -> pa.Table:
    """A random walk per currency, four digits; from the day before to the day after."""
    rng = random_stream(company.seed, 0, 2)
    days = np.arange(-1, company.days + 1)
    first_day = (np.datetime64(company.start, "D")).astype(np.int64)
    codes, rates = [], []
    for number in range(1, len(CURRENCIES)):
        walk = np.cumsum(rng.normal(0, 0.0025, len(days)))
        pull = np.exp(walk - np.linspace(0, walk[-1] * 0.8, len(days)))
        rates.append(np.round(BASE_RATES[number] * pull * 10_000).astype(np.int64))
        codes.append(np.full(len(days), number))
    day = np.tile(days, len(CURRENCIES) - 1)
    hundredths = np.concatenate(rates)
    order = np.lexsort((np.concatenate(codes), day))
    exact = np.empty((len(day), 2), dtype=np.int64)
    exact[:, 0] = hundredths[order]
    exact[:, 1] = 0
    rows = {
        "rate_on": pa.array((day[order] + first_day).astype("datetime64[D]")),
        "currency": schema.pick(np.concatenate(codes)[order], CURRENCIES).cast(schema.TEXT),
        "rate_to_reporting": pa.Array.from_buffers(
            schema.MONEY, len(day), [None, pa.py_buffer(exact)]
        ),
        "_loaded_at": schema.times(company.epoch, _night_after(day[order] * DAY + DAY // 2)),
    }
    return pa.table(rows, schema=schema.SCHEMAS["exchange_rates"])
