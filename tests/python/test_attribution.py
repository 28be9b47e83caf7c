"""Attribution against published figures and brute force, from sessions to the marts."""

import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import duckdb
import numpy as np
import pytest
from test_real_data import local_folder
from warehouse import compiled_models, run_dbt

MODELS = (
    "attribution_touches attribution_transitions attribution_removal_effects attribution_credits"
)
RULES = "('b2c', 'new', 90, false, 7, 0.4, 0.4), ('b2c', 'repeat', 30, false, 7, 0.4, 0.4)"


class Path(NamedTuple):
    """The channels of a path, and how many customers took it: with a purchase, and without."""

    channels: str
    conversions: int
    nulls: int = 0


class Shop:
    """A database with what the models read, and the models as SQL on it."""

    def __init__(self, models: Sequence[tuple[str, str, str]]) -> None:
        self.models = models
        self.con = duckdb.connect()
        self.con.execute("attach ':memory:' as company; use company; set TimeZone = 'UTC'")
        for schema in ("marts", "intermediate", "rules"):
            self.con.execute(f"create schema {schema}")
        self.con.execute(
            "create table marts.fct_sessions (customer_id varchar, session_id varchar,"
            " channel varchar, started_at timestamp, is_attribution_touch boolean);"
            "create table intermediate.int_interactions (customer_id varchar,"
            " interaction_id varchar, interaction_type varchar, direction varchar,"
            " channel varchar, occurred_at timestamp);"
            "create table intermediate.int_purchase_moments (customer_id varchar,"
            " moment_number bigint, net_amount decimal(28, 4), purchased_at timestamp,"
            " purchased_on date);"
            "create table rules.attribution_touch_types (interaction_type varchar);"
            "create table intermediate.int_as_of as select timestamp '2026-01-01' as as_of;"
            "create table rules.attribution_rules as select * from (values "
            f"{RULES}) as rule (customer_type, conversion_kind, lookback_days, direct_counts,"
            " half_life_days, first_share, last_share)"
        )

    def build(self) -> None:
        """Run the models; every customer and channel is known."""
        self.con.execute(
            "create table intermediate.int_customers as select distinct customer_id,"
            " 'b2c' as customer_type from (select customer_id from marts.fct_sessions union"
            " select customer_id from intermediate.int_purchase_moments);"
            "create table rules.channels as select distinct channel, channel as channel_group"
            " from marts.fct_sessions"
        )
        for _, name, sql in self.models:
            self.con.execute(f"create table {name} as {sql}")

    def walk(self, paths: Sequence[Path]) -> None:
        """Customers who take the paths, a touch a minute; a conversion is worth its number."""
        self.con.execute("create table given (channels varchar, conversions bigint, nulls bigint)")
        self.con.executemany("insert into given values (?, ?, ?)", paths)
        self.con.execute(
            "create table walks as select row_number() over () as walk, * from ("
            "select string_split(channels, '>') as channels, true as buys,"
            " unnest(range(conversions)) as copy from given union all "
            "select string_split(channels, '>'), false, unnest(range(nulls)) from given);"
            "insert into marts.fct_sessions select 'C' || walk, walk || '.' || step,"
            " trim(channels[step]), timestamp '2025-01-01' + to_minutes(step), true from ("
            "select walk, channels, unnest(range(1, len(channels) + 1)) as step from walks);"
            "insert into intermediate.int_purchase_moments select 'C' || walk, 1, walk,"
            " timestamp '2025-01-01' + to_minutes(len(channels)), date '2025-01-01'"
            " from walks where buys"
        )
        self.build()

    def credits(self, model: str) -> dict[str, float]:
        """Conversions per channel that a model gives."""
        rows = self.con.execute(
            "select channel, conversions from marts.attribution_credits"
            f" where attribution_model = '{model}' and conversions <> 0"
        ).fetchall()
        return {channel: float(conversions) for channel, conversions in rows}

    def effects(self) -> dict[str, float]:
        """Removal effect per channel."""
        rows = self.con.execute(
            "select channel, removal_effect_rate from marts.attribution_removal_effects"
        ).fetchall()
        return {channel: float(effect or 0) for channel, effect in rows}

    def base_rate(self) -> float:
        """Share of paths that end in a purchase."""
        rows = self.con.execute(
            "select distinct conversion_rate from marts.attribution_removal_effects"
        ).fetchall()
        assert len(rows) == 1
        return float(rows[0][0])


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, str]]:
    """The models as SQL on a database called `company`, parents first."""
    database = tmp_path_factory.mktemp("attribution") / "company.duckdb"
    run_dbt(f"compile --select {MODELS}", database)
    return compiled_models(database)


@pytest.fixture
def shop(models: list[tuple[str, str, str]]) -> Iterator[Shop]:
    """A shop without customers."""
    shop = Shop(models)
    yield shop
    shop.con.close()


def near(expected: Mapping[str, float], places: int) -> object:
    """Equal to so many places, which is half a unit of the last one."""
    return pytest.approx(dict(expected), abs=0.51 * 10**-places)


# Published: the examples of ChannelAttribution (whose simulation gives .2009 .3995 .3995) and of
# serhiipuzyrov.com (2019), and one with loops, solved by hand.
MARKOV = [
    (
        [Path("c1>c2>c3", 1), Path("c1", 0, 1), Path("c2>c3", 0, 1)],
        1 / 3,
        {"c1": 1 / 2, "c2": 1, "c3": 1},
        {"c1": 0.2, "c2": 0.4, "c3": 0.4},
    ),
    (
        [Path("google", 2, 1), Path("mailing", 1), Path("google>mailing", 1)],
        4 / 5,
        {"google": 3 / 4, "mailing": 1 / 2},
        {"google": 2.4, "mailing": 1.6},
    ),
    (
        [Path("a>b>a", 3, 7), Path("b", 2, 8), Path("a>a>c", 1, 9), Path("c>b", 4, 6)],
        1 / 4,
        {"a": 13 / 20, "b": 43 / 60, "c": 29 / 80},
        {"a": 312 / 83, "b": 344 / 83, "c": 174 / 83},
    ),
]


@pytest.mark.parametrize(("paths", "base", "effects", "credits"), MARKOV)
def test_small_chains(
    shop: Shop,
    paths: list[Path],
    base: float,
    effects: dict[str, float],
    credits: dict[str, float],
) -> None:
    shop.walk(paths)
    assert shop.base_rate() == pytest.approx(base, abs=1e-8)
    assert shop.effects() == pytest.approx(effects, abs=1e-8)
    assert shop.credits("markov") == pytest.approx(credits, abs=1e-6)


def test_heuristics_of_one_path(shop: Shop) -> None:
    """A 20 days before the purchase, B 9, C 2, and B again at its very instant."""
    shop.con.execute(
        "insert into marts.fct_sessions values"
        " ('ada', '1', 'a', '2025-01-01', true), ('ada', '2', 'b', '2025-01-12', true),"
        " ('ada', '3', 'c', '2025-01-19', true), ('ada', '4', 'b', '2025-01-21', true);"
        "insert into intermediate.int_purchase_moments values"
        " ('ada', 1, 100, '2025-01-21', '2025-01-21')"
    )
    shop.build()
    assert shop.credits("first_touch") == {"a": 1}
    assert shop.credits("last_touch") == {"b": 1}
    assert shop.credits("linear") == {"a": 0.25, "b": 0.5, "c": 0.25}
    assert shop.credits("position_based") == {"a": 0.4, "b": 0.5, "c": 0.1}
    assert shop.credits("time_decay") == near({"a": 0.058269, "b": 0.595381, "c": 0.346350}, 6)


# The data of the package ChannelAttribution: removal effects and Markov credits solved exactly,
# Shapley values by brute force over 4,096 coalitions.
EFFECTS = {
    "alpha": 0.55840, "iota": 0.40584, "eta": 0.34903, "beta": 0.26404, "theta": 0.20601,
    "lambda": 0.13402, "epsilon": 0.06264, "zeta": 0.03981, "kappa": 0.02866, "gamma": 0.01788,
    "delta": 0.00048, "mi": 0.00018,
}  # fmt: skip
CREDITS: dict[str, tuple[dict[str, float], int]] = {
    "first_touch": ({"alpha": 6308, "eta": 3164, "iota": 4606}, 0),
    "last_touch": ({"alpha": 8447, "eta": 4167, "iota": 3355}, 0),
    "linear": ({"alpha": 7574.72, "eta": 3539.95, "iota": 3857.10}, 2),
    "markov": (
        {
            "alpha": 5344.948, "iota": 3884.615, "eta": 3340.847, "beta": 2527.352,
            "theta": 1971.913, "lambda": 1282.847,
        },
        3,
    ),
    "shapley": (
        {
            "alpha": 7627.944, "eta": 3613.656, "iota": 3505.044, "beta": 1982.739,
            "theta": 1190.963, "lambda": 987.782,
        },
        3,
    ),
}  # fmt: skip


def test_ten_thousand_paths(shop: Shop) -> None:
    folder = local_folder("attribution_paths")
    if folder is None:
        pytest.skip(
            "attribution_paths is not on this machine: it is Data.csv of the package"
            " ChannelAttribution; put it into a folder attribution_paths as paths.parquet and name"
            " the folder above it in LIFECYCLE_DATA"
        )
    file = folder / "paths.parquet"
    paths = duckdb.sql(
        f"select path, total_conversions, total_null from read_parquet('{file}')"
    ).fetchall()
    shop.walk([Path(*path) for path in paths])
    assert shop.base_rate() == pytest.approx(0.2238451355968638, abs=1e-8)
    assert shop.effects() == near(EFFECTS, 5)
    for model, (expected, places) in CREDITS.items():
        found = shop.credits(model)
        assert {channel: found[channel] for channel in expected} == near(expected, places), model
        assert sum(found.values()) == pytest.approx(19_785, abs=1e-6)


def random_paths(seed: int) -> list[Path]:
    """Up to forty paths over at most six channels, with loops; some only ever fail."""
    draw = random.Random(seed)
    channels = "abcdef"[: draw.randint(1, 6)]
    paths = {
        ">".join(draw.choices(channels, k=draw.randint(1, 7))): (
            draw.randint(0, 3),
            draw.randint(0, 4),
        )
        for _ in range(draw.randint(1, 40))
    }
    return [Path("a", 1), *(Path(path, *ends) for path, ends in paths.items() if path != "a")]


def conversion_chance(paths: Sequence[Path], without: str | None = None) -> float:
    """Chance to convert, solved by numpy; whoever comes to the removed channel is lost."""
    counts: dict[str, dict[str, int]] = {}
    for path in paths:
        for end, weight in (("(conversion)", path.conversions), ("(null)", path.nulls)):
            states = ["(start)", *path.channels.split(">"), end]
            for here, there in itertools.pairwise(states):
                counts.setdefault(here, {}).setdefault(there, 0)
                counts[here][there] += weight
    live = [state for state in counts if sum(counts[state].values()) and state != without]
    matrix = np.eye(len(live))
    ends = np.zeros(len(live))
    for row, here in enumerate(live):
        total = sum(counts[here].values())
        ends[row] = counts[here].get("(conversion)", 0) / total
        for column, there in enumerate(live):
            matrix[row, column] -= counts[here].get(there, 0) / total
    return float(np.linalg.solve(matrix, ends)[live.index("(start)")])


def shapley_values(paths: Sequence[Path]) -> dict[str, float]:
    """What a channel adds to every coalition; one is worth the purchases that need no other."""
    needs = [(frozenset(path.channels.split(">")), path.conversions) for path in paths]
    channels = sorted({channel for need, conversions in needs for channel in need if conversions})

    def worth(coalition: frozenset[str]) -> int:
        return sum(conversions for need, conversions in needs if need <= coalition)

    values = {}
    for channel in channels:
        others = [other for other in channels if other != channel]
        value = 0.0
        for size in range(len(others) + 1):
            weight = 1 / (len(channels) * math.comb(len(others), size))
            for coalition in map(frozenset, itertools.combinations(others, size)):
                value += weight * (worth(coalition | {channel}) - worth(coalition))
        values[channel] = value
    return values


@pytest.mark.parametrize("seed", range(8))
def test_markov_and_shapley_by_brute_force(shop: Shop, seed: int) -> None:
    paths = random_paths(seed)
    shop.walk(paths)
    seen = {
        channel
        for path in paths
        if path.conversions + path.nulls
        for channel in path.channels.split(">")
    }
    base = conversion_chance(paths)
    effects = {channel: 1 - conversion_chance(paths, channel) / base for channel in seen}
    assert shop.base_rate() == pytest.approx(base, abs=1e-7)
    assert shop.effects() == pytest.approx(effects, abs=1e-7)
    bought = sum(path.conversions for path in paths)
    share = bought / sum(effects.values())
    credits = {channel: effect * share for channel, effect in effects.items() if effect > 1e-9}
    assert shop.credits("markov") == pytest.approx(credits, abs=2e-6)
    assert shop.credits("shapley") == pytest.approx(shapley_values(paths), abs=2e-6)


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_lost(shop: Shop, seed: int) -> None:
    """Odd amounts, purchases without a touch, several purchases: each model adds up exactly."""
    draw = random.Random(1000 + seed)
    sessions, moments = [], []
    for customer in range(60):
        days = sorted(draw.sample(range(300), draw.randint(0, 4)))
        for number, day in enumerate(days, 1):
            on = f"2025-{1 + day // 28:02}-{1 + day % 28:02}"
            amount = Decimal(draw.randint(1, 10 ** draw.choice([3, 6, 15]))) / 10_000
            moments.append((f"C{customer}", number, amount, on, on))
        for touch in range(draw.randint(0, 9)):
            day = draw.randrange(300)
            on = f"2025-{1 + day // 28:02}-{1 + day % 28:02}"
            sessions.append((f"C{customer}", f"{customer}.{touch}", draw.choice("abcdefg"), on))
    shop.con.executemany("insert into marts.fct_sessions values (?, ?, ?, ?, true)", sessions)
    shop.con.executemany(
        "insert into intermediate.int_purchase_moments values (?, ?, ?, ?, ?)", moments
    )
    shop.build()
    rows = shop.con.execute(
        "select month_start_on, conversion_kind, attribution_model, sum(conversions),"
        " sum(revenue_amount) from marts.attribution_credits group by all"
    ).fetchall()
    wanted = shop.con.execute(
        "select date_trunc('month', purchased_on)::date,"
        " case when moment_number = 1 then 'new' else 'repeat' end, count(*), sum(net_amount)"
        " from intermediate.int_purchase_moments group by all"
    ).fetchall()
    assert len(rows) == 7 * len(wanted)
    totals = {(month, kind): (count, amount) for month, kind, count, amount in wanted}
    for month, kind, model, conversions, revenue in rows:
        assert (conversions, revenue) == totals[month, kind], model
    unfair = shop.con.execute(
        "select count(*) from marts.attribution_credits where conversions < 0 or revenue_amount < 0"
    ).fetchone()
    assert unfair == (0,)
