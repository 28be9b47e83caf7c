"""Customer value: published figures out of the warehouse, independent oracles, known pitfalls.

The golden figures are those of the literature on the CDNOW data: Fader, Hardie and Lee (2005), the
R packages BTYD and CLVTools, the Python package lifetimes; where these print few digits, more
digits of the same quantity from an independent fit. The literature measures time in weeks and
counts the orders of value zero as orders, which this project does not: here they cost a hundredth
of a cent.
"""

from __future__ import annotations

import csv
import math
import random
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from conftest import PROJECT, Command
from scipy import integrate, special
from scipy.optimize import minimize
from test_real_data import data_path, wheel_folder  # noqa: F401  (fixtures)
from warehouse import run_dbt

from lifecycle import fit
from lifecycle.fit import estimate, fit_bgnbd, fit_gamma_gamma

Groups = tuple[np.ndarray, ...]
CLVTOOLS = {"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881}
ROUNDED = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
GAMMA_GAMMA = {"p": 6.2495547, "q": 3.744225, "v": 15.4435682}


# ---------------------------------------------------------------------------------------------
# CDNOW through the warehouse
# ---------------------------------------------------------------------------------------------


def as_the_literature_counts(folder: Path) -> Path:
    """The mapping of CDNOW, but what cost nothing costs 0.0001, so that it is a purchase."""
    mapping = folder / "cdnow"
    shutil.copytree(PROJECT / "mappings" / "cdnow", mapping)
    lines = mapping / "order_items.sql"
    text = lines.read_text("utf-8")
    assert "amount as line_amount" in text
    lines.write_text(
        text.replace("amount as line_amount", "greatest(amount, 0.0001) as line_amount")
    )
    return mapping


def cdnow(
    folder: Path, file: Path, lifecycle: Command, *builds: tuple[str, dict[str, Any]]
) -> Path:
    """A database with CDNOW loaded and fitted at 1997-09-30, then built: what, with what variables.

    Only the models that lead to value are built, as dbt does it.
    """
    database = folder / "cdnow.duckdb"
    settings = {"use_sample": False, "reporting_timezone": "UTC", "reporting_currency": "USD"}

    def run(*arguments: str | Path) -> None:
        done = lifecycle(*arguments, LIFECYCLE_DUCKDB=database, LIFECYCLE_PII_SALT="test")
        assert done.returncode == 0, done.stdout + done.stderr

    run("load", file, "--mapping", as_the_literature_counts(folder))
    models_only = ("--exclude", "resource_type:test", "resource_type:unit_test")
    run_dbt("build --select +int_purchase_moments", database, *models_only, variables=settings)
    run("fit", "--cut-off", "1997-09-30")
    for select, variables in builds:
        chosen = settings | variables
        run_dbt(f"build --select {select}", database, *models_only, variables=chosen)
    return database


@pytest.fixture(scope="session")
def sample_tenth(
    tmp_path_factory: pytest.TempPathFactory,
    data_path: Callable[[str], Path],  # noqa: F811
    lifecycle: Command,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published tenth of CDNOW: fitted at 1997-09-30, built at its end and as of that day."""
    then = {"as_of": "1997-09-30", "schema_prefix": "as_of_19970930_", "raw_schema": "raw"}
    database = cdnow(
        tmp_path_factory.mktemp("cdnow tenth"),
        data_path("cdnow_sample"),
        lifecycle,
        ("+customer_value_backtest", {}),
        ("+customer_value", then | {"annual_discount_rate": 0.15}),
    )
    with duckdb.connect(str(database), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def whole_cohort(
    tmp_path_factory: pytest.TempPathFactory,
    data_path: Callable[[str], Path],  # noqa: F811
    lifecycle: Command,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The whole cohort of CDNOW, fitted at 1997-09-30 and compared with what happened after."""
    database = cdnow(
        tmp_path_factory.mktemp("cdnow cohort"),
        data_path("cdnow_master"),
        lifecycle,
        ("+customer_value_backtest", {}),
    )
    with duckdb.connect(str(database), read_only=True) as connection:
        yield connection


def fitted(connection: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """The figures of the fit, by name."""
    found = connection.execute("select parameter, value from raw.fitted_parameters").fetchall()
    return {name: float(value) for name, value in found}


def in_weeks(figures: dict[str, float], repeats: int) -> dict[str, float]:
    """The BG/NBD figures with time in weeks; the likelihood is one of `repeats` densities."""
    return {
        "r": figures["bgnbd_r"],
        "alpha": figures["bgnbd_alpha_days"] / 7,
        "a": figures["bgnbd_a"],
        "b": figures["bgnbd_b"],
        "log_likelihood": figures["bgnbd_log_likelihood"] + repeats * math.log(7),
    }


def test_cdnow_statistics_are_the_published_ones(sample_tenth: Any) -> None:
    """Repeat days, not orders; the first day is none; time ends with the cut-off."""
    found = sample_tenth.execute("""
        select count(*), sum(repeat_purchase_days), count(*) filter (repeat_purchase_days = 0),
            max(repeat_purchase_days), min(age_days), max(age_days), sum(first_to_last_days)
        from intermediate.int_back_tested_buyers
    """).fetchone()
    assert found == (2_357, 2_457, 1_411, 29, 189, 272, 112_949)  # sum of t_x: 16,135.571429 weeks
    # The same statistics, computed as of that day and not for the back-test.
    then = sample_tenth.execute("""
        select count(*), sum(repeat_purchase_days), max(age_days), sum(first_to_last_days),
            count(*) filter (mean_repeat_day_amount is not null)
        from as_of_19970930_marts.customer_value
    """).fetchone()
    assert then == (2_357, 2_457, 272, 112_949, 946)


def test_cdnow_parameters_are_the_published_ones(sample_tenth: Any) -> None:
    figures = fitted(sample_tenth)
    found = in_weeks(figures, 2_457)
    for name, value in ROUNDED.items():
        assert round(found[name], 3) == value, name
    for name, value in CLVTOOLS.items():
        assert found[name] == pytest.approx(value, rel=1e-5), name
    exact = {"r": 0.242594509, "alpha": 4.413601772, "a": 0.792921863, "b": 2.425906270}
    for name, value in exact.items():
        assert found[name] == pytest.approx(value, rel=3e-7), name
    assert found["log_likelihood"] == pytest.approx(-9582.429206674, abs=1e-6)
    for name, value in GAMMA_GAMMA.items():
        assert figures[f"gamma_gamma_{name}"] == pytest.approx(value, rel=5e-6), name
    assert figures["gamma_gamma_log_likelihood"] == pytest.approx(-4055.917695, abs=1e-5)
    assert figures["gamma_gamma_correlation"] == pytest.approx(0.1139, abs=5e-5)
    assert figures["bgnbd_is_degenerate"] == figures["gamma_gamma_is_degenerate"] == 0
    ((repeated,),) = sample_tenth.execute(
        "select distinct sample_size from raw.fitted_parameters where parameter like '%gamma%'"
    ).fetchall()
    assert repeated == 946


# Repeats in 39 weeks of 1997, customers, mean repeats in the 39 weeks after: actual, expected by
# BTYD, expected by an independent fit.
CONDITIONAL = [
    (0, 1411, 0.2367116, 0.2250893, 0.225087),
    (1, 439, 0.6970387, 0.5231364, 0.523130),
    (2, 214, 1.392523, 1.044126, 1.044133),
    (3, 100, 1.560000, 1.520256, 1.520279),
    (4, 62, 2.532258, 2.163824, 2.163865),
    (5, 38, 2.947368, 2.653789, 2.653846),
    (6, 29, 3.862069, 3.503957, 3.504043),
    (7, 64, 6.359375, 6.157036, 6.157194),
]


def test_cdnow_expectations_are_the_published_ones(sample_tenth: Any) -> None:
    """By repeats before the cut-off, and in all: from the rows behind the back-test."""
    rows = sample_tenth.execute("""
        select least(repeat_purchase_days, 7), count(*), avg(actual_orders), avg(expected_orders)
        from intermediate.int_back_tested_buyers group by 1 order by 1
    """).fetchall()
    assert len(rows) == len(CONDITIONAL)
    for (x, n, actual, expected), wanted in zip(rows, CONDITIONAL, strict=True):
        assert (x, n) == wanted[:2]
        assert actual == pytest.approx(wanted[2], rel=1e-6)
        assert expected == pytest.approx(wanted[3], rel=5e-5)
        assert expected == pytest.approx(wanted[4], abs=1e-5)
    (row,) = sample_tenth.execute("""
        select horizon_days, customers, actual_orders, expected_orders, orders_error_ratio
        from marts.customer_value_backtest
    """).fetchall()
    assert row[:3] == (273, 2_357, 1_882)
    assert float(row[3]) == pytest.approx(1653.41, abs=0.01)
    assert float(row[4]) == pytest.approx(1653.41 / 1882 - 1, abs=1e-5)
    ((correlation, error, square),) = sample_tenth.execute("""
        select corr(expected_orders, actual_orders), avg(abs(expected_orders - actual_orders)),
            avg(pow(expected_orders - actual_orders, 2))
        from intermediate.int_back_tested_buyers
    """).fetchall()
    assert correlation == pytest.approx(0.6256, abs=5e-5)
    assert error == pytest.approx(0.7855, abs=5e-5)
    assert math.sqrt(square) == pytest.approx(1.6080, abs=5e-5)


ORDERS_WITHIN = """
{%- set horizons = value_horizons() + [273, 364] %}
with buyers as (
    select customer_type, {{ as_doubles(['r', 'alpha', 'a', 'b']) }}, repeat_purchase_days, age_days
    from asked
),
{{ horizon_weights(horizons) }},
horizons as (
    select distinct customer_type, horizon_days from buyers cross join horizon_weights
),
{{ expected_orders('buyers', 'horizons') }},
{{ orders_within(horizons) }}
select * from expected
inner join orders_within using (customer_type, repeat_purchase_days, age_days)
"""


@pytest.fixture(scope="session")
def orders_within(tmp_path_factory: pytest.TempPathFactory) -> Callable[[float], str]:
    """The project's own SQL for the orders of the buyers in a table `asked`, at a discount rate.

    By week and horizon, beside those within each horizon of customer_value and within 273 and 364
    days, plain and discounted.
    """

    def compiled(annual_discount_rate: float) -> str:
        folder = tmp_path_factory.mktemp("orders")
        variables = {"annual_discount_rate": annual_discount_rate}
        done = run_dbt(
            "compile --quiet", folder / "orders.duckdb", "--inline", ORDERS_WITHIN,
            variables=variables,
        )  # fmt: skip
        return done.stdout[done.stdout.index("with buyers") :]

    return compiled


def test_cdnow_customer_one_is_worth_what_was_published(
    sample_tenth: Any, orders_within: Callable[[float], str]
) -> None:
    """With x = 2, t_x = 213, T = 272 days, mean 22.345: as of 1997-09-30, for 52 weeks."""
    sample_tenth.execute("""
        create or replace temp table asked as
        select customer_type, r, alpha, a, b, 2 as repeat_purchase_days, 272 as age_days
        from as_of_19970930_intermediate.int_value_parameters where is_in_force
    """)
    (row,) = sample_tenth.execute(f"""
        select alive_probability, expected_order_amount, within.expected_orders_364,
            within.discounted_orders_364, within.expected_orders_273, expected_next_order_on,
            within.expected_orders_365 - stored.expected_orders_365,
            within.discounted_orders_365 - stored.discounted_orders_365
        from as_of_19970930_marts.customer_value as buyers
        inner join as_of_19970930_intermediate.int_expected_orders as stored
            using (customer_type, repeat_purchase_days, age_days)
        inner join ({orders_within(0.15)}) as within
            using (customer_type, repeat_purchase_days, age_days)
        where (repeat_purchase_days, first_to_last_days, age_days) = (2, 213, 272)
            and mean_repeat_day_amount = 22.345 and within.horizon_days = 364
    """).fetchall()
    alive, mean, orders, discounted, orders_39 = map(float, row[:5])
    assert row[6:] == (0, 0)
    # Published of times rounded to 30.43 and 38.86 weeks.
    assert alive == pytest.approx(0.726609, abs=2e-5)
    assert alive * orders_39 == pytest.approx(1.225906, abs=2e-4)
    assert alive * orders == pytest.approx(1.5586848, abs=5e-6)
    assert mean == pytest.approx(24.6539250, abs=2e-4)
    assert alive * orders * mean == pytest.approx(38.427697, abs=5e-4)
    assert alive * discounted * mean == pytest.approx(35.992711, abs=5e-4)


def test_cdnow_whole_cohort(whole_cohort: Any) -> None:
    found = in_weeks(fitted(whole_cohort), 24_337)
    exact = {"r": 0.251624, "alpha": 4.788945, "a": 0.723432, "b": 2.161084}
    for name, value in exact.items():
        assert found[name] == pytest.approx(value, abs=5e-6), name
    assert found["log_likelihood"] == pytest.approx(-95368.443933, abs=1e-5)
    # What cost nothing is an order here as there, but no day of value: 0.0001 would be one.
    valued = whole_cohort.execute("""
        select count(*), sum(net_amount)::double from (
            select customer_id, purchased_on, sum(net_amount) as net_amount,
                min(purchased_on) over (partition by customer_id) as first_on
            from intermediate.int_purchase_moments
            where purchased_at < timestamp '1997-10-01' group by customer_id, purchased_on
        ) where purchased_on > first_on and net_amount > 0.01
        group by customer_id
    """)
    x, amount = valued.fetchnumpy().values()
    assert len(x) == 9_450
    money = fit_gamma_gamma(x, amount, np.ones(len(x)))
    for name, value in {"p": 6.275306, "q": 3.624458, "v": 14.983855}.items():
        assert money[name] == pytest.approx(value, rel=2e-5), name
    assert money["log_likelihood"] == pytest.approx(-40763.4763, abs=1e-4)
    (row,) = whole_cohort.execute(
        "select customers, actual_orders, expected_orders from marts.customer_value_backtest"
    ).fetchall()
    assert row[:2] == (23_570, 19_684)
    assert float(row[2]) == pytest.approx(16_873.74, abs=0.1)


# ---------------------------------------------------------------------------------------------
# The formulas in SQL, at any point
# ---------------------------------------------------------------------------------------------

FORMULAS = """
{%- set statistics = ['repeat_purchase_days', 'first_to_last_days', 'age_days'] %}
with points as (
    select
        cast(key as {{ dbt.type_string() }}) as customer_type,
        {%- for name in ['r', 'alpha', 'a', 'b', 'horizon_days'] + statistics %}
        cast({{ name }} as {{ type_double() }}) as {{ name }},
        {%- endfor %}
        key
    from asked
),
{{ expected_orders('points', 'points') }}
select
    points.key,
    {{ alive_probability('repeat_purchase_days', 'first_to_last_days', 'age_days') }} as alive,
    orders.expected_orders,
    {{ silent_probability('repeat_purchase_days', 'age_days', 'horizon_days') }} as silent
from points
inner join (select customer_type, expected_orders from expected) as orders using (customer_type)
order by points.key
"""


@pytest.fixture(scope="session")
def scores(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[list[dict[str, float]]], list[tuple[float, float, float]]]:
    """P(alive), orders if alive and P(silent if alive) of points, by the project's own SQL.

    A point has r, alpha, a, b, x, t_x, t and horizon, in any unit of time.
    """
    folder = tmp_path_factory.mktemp("formulas")
    done = run_dbt("compile --quiet", folder / "formulas.duckdb", "--inline", FORMULAS)
    sql = done.stdout[done.stdout.index("with points") :]

    def score(points: list[dict[str, float]]) -> list[tuple[float, float, float]]:
        names = {"x": "repeat_purchase_days", "t_x": "first_to_last_days", "t": "age_days"}
        names["horizon"] = "horizon_days"
        rows = [{names.get(name, name): value for name, value in p.items()} for p in points]
        values = ", ".join(
            f"({key}, {', '.join(f'{float(row[name])!r}::double' for name in sorted(row))})"
            for key, row in enumerate(rows)
        )
        with duckdb.connect() as connection:
            columns = ", ".join(sorted(rows[0]))
            connection.execute(f"create table asked as from (values {values}) as t(key, {columns})")
            return [row[1:] for row in connection.execute(sql).fetchall()]

    return score


def point(parameters: dict[str, float], x: float, t_x: float, t: float, horizon: float) -> Any:
    return {**parameters, "x": x, "t_x": t_x, "t": t, "horizon": horizon}


def test_individuals_are_the_published_ones(scores: Any) -> None:
    """BTYD's and lifetimes' examples, in weeks; published figure, digits of an independent fit."""
    asked = [
        (point(CLVTOOLS, 2, 30.43, 38.86, 39), 1.226, 5e-4, 1.225906),
        (point(CLVTOOLS, 26, 30.857143, 31, 52), 25.75659, 1e-3, 25.757358),
        # The paradox of the increasing frequency: the more often, the sooner silence says gone.
        (point(CLVTOOLS, 10, 20, 39, 52), 0.3474606, 3e-5, 0.347484),
        (point(CLVTOOLS, 15, 20, 39, 52), 0.04283391, 4e-6, 0.042837),
        (point(CLVTOOLS, 20, 20, 39, 52), 0.004158973, 4e-7, 0.0041593),
        (point(CLVTOOLS, 25, 20, 39, 52), 0.0003583685, 3e-8, 0.00035839),
        (point(CLVTOOLS, 7, 206 / 7, 272 / 7, 39), 3.337573, 2e-5, 3.337573),
        (point(CLVTOOLS, 1, 12 / 7, 272 / 7, 39), 0.203418, 2e-5, 0.203418),
        (point(CLVTOOLS, 0, 0, 38.857143, 39), 0.194794, 2e-6, 0.194794),
        # Nobody has bought yet: the mean of new customers.
        (point(CLVTOOLS, 0, 0, 0, 52), 1.444004, 2e-5, 1.444004),
    ]
    for (alive, expected, _), (_, published, digits, exact) in zip(
        scores([row[0] for row in asked]), asked, strict=True
    ):
        assert alive * expected == pytest.approx(published, abs=digits)
        assert alive * expected == pytest.approx(exact, rel=2e-5)
    times = {0.1429: 0.0078, 1: 0.0532, 3: 0.1506, 31.8571: 1.0405, 32: 1.0437, 78: 1.858}
    for (_, expected, _), published in zip(
        scores([point(CLVTOOLS, 0, 0, 0, t) for t in times]), times.values(), strict=True
    ):
        assert expected == pytest.approx(published, abs=6e-4 if published > 1.5 else 6e-5)


def test_the_probability_to_be_there_is_the_published_one(scores: Any) -> None:
    asked = [
        (point(CLVTOOLS, 26, 30.857143, 31, 39), 0.9688523, 0.9688545),
        (point(CLVTOOLS, 2, 30.43, 38.86, 39), 0.7266, 0.726609),
        (point(CLVTOOLS, 1, 12 / 7, 272 / 7, 39), 0.21239, 0.212390),
        (point(CLVTOOLS, 7, 206 / 7, 272 / 7, 39), 0.641835, 0.641835),
    ]
    for (alive, _, _), (_, published, exact) in zip(
        scores([row[0] for row in asked]), asked, strict=True
    ):
        assert alive == pytest.approx(published, abs=2e-5)
        assert alive == pytest.approx(exact, abs=3e-6)


def test_who_bought_once_is_not_called_safe(scores: Any) -> None:
    """Pitfall: P(alive) of somebody without a repeat is 1. The silence to come is not 0."""
    ((alive, _, silent),) = scores([point(CLVTOOLS, 0, 0, 38.857143, 39)])
    assert alive == 1
    assert 1 - alive * (1 - silent) == pytest.approx(0.855665, abs=2e-6)
    ((alive, _, silent),) = scores([point(CLVTOOLS, 2, 213 / 7, 272 / 7, 13)])
    assert alive * (1 - silent) == pytest.approx(0.323482, abs=2e-6)
    # A new customer makes no repeat in 39 weeks: the model's mass at 0.
    ((_, _, silent),) = scores([point(ROUNDED, 0, 0, 0, 39)])
    assert silent == pytest.approx(0.5737864, abs=6e-8)


def test_small_shapes_and_many_orders_give_numbers(scores: Any) -> None:
    """Pitfalls: NaN where a + b < 1 (lifetimes #302), overflow where x is large."""
    known = {"r": 0.11, "alpha": 2.24, "a": 0.31, "b": 0.50}
    ((_, expected, _),) = scores([point(known, 0, 0, 1, 30)])
    assert expected == pytest.approx(0.564588615533, rel=2e-7)
    ((alive, expected, silent),) = scores([point(CLVTOOLS, 1000, 10, 100, 52)])
    assert alive == pytest.approx(0, abs=1e-300)
    assert alive * expected == pytest.approx(0, abs=1e-200)
    assert 0 <= silent < 1e-30
    ((_, expected, _),) = scores([point({**CLVTOOLS, "a": 1.0}, 3, 20, 30, 52)])
    ((_, beside, _),) = scores([point({**CLVTOOLS, "a": 1.0 + 1e-9}, 3, 20, 30, 52)])
    assert expected == pytest.approx(beside, rel=1e-8)
    # What a fit at its bounds leaves behind.
    bounds = [math.exp(-12), math.exp(12)]
    edges = [
        {"r": r, "alpha": 30.0, "a": a, "b": b} for r in bounds for a in bounds for b in bounds
    ]
    asked = [point(edge, x, 5 * x, 400, 365) for edge in edges for x in (0, 3, 60)]
    for (alive, expected, silent), customer in zip(scores(asked), asked, strict=True):
        assert 0 <= alive <= 1, customer
        assert 0 <= silent <= 1, customer
        assert 0 <= expected < math.inf, customer


def by_integration(p: dict[str, float]) -> tuple[float, float]:
    """P(alive) and the orders expected if alive, from the model's assumptions alone.

    The pace is Gamma(r, alpha), the chance to leave after an order Beta(a, b); what is known of
    both is Bayes' rule. Nothing here is the project's formula: two integrals, done numerically.
    """
    r, alpha, a, b, x, t_x, t, horizon = (
        p[name] for name in ("r", "alpha", "a", "b", "x", "t_x", "t", "horizon")
    )
    # The pace, then the chance: both stretched so that their densities have no edge at zero.
    nodes, weights = special.roots_genlaguerre(120, r + x - 1)
    pace_weights = weights / weights.sum()

    def over_chances(function: Callable[[float], float]) -> float:
        """The mean over Beta(a, b + x), by p = u^(1 / a)."""

        def density(u: float) -> float:
            chance = u ** (1 / a)
            return function(chance) * (1 - chance) ** (b + x - 1) / a

        value, _ = integrate.quad(density, 0, 1, epsabs=0, epsrel=1e-11, limit=400)
        return value / special.beta(a, b + x)

    def of_one(chance: float) -> float:
        """Orders of a customer who is there and leaves with this chance: (1 - e^-pλt) / p."""
        paces = nodes / (alpha + t)
        if chance * paces.max() * horizon < 1e-9:
            return float(pace_weights @ paces) * horizon
        return float(pace_weights @ -np.expm1(-chance * paces * horizon)) / chance

    stayed = special.gammaln(r + x) - (r + x) * math.log(alpha + t) + special.betaln(a, b + x)
    left = (
        special.gammaln(r + x) - (r + x) * math.log(alpha + t_x) + special.betaln(a + 1, b + x - 1)
        if x
        else -math.inf
    )
    return math.exp(stayed - np.logaddexp(stayed, left)), over_chances(of_one)


def test_formulas_equal_brute_force_integration(scores: Any) -> None:
    """Sixty random customers of random populations: eight digits of P(alive), six of the orders."""
    dice = random.Random(20)
    asked = []
    for _ in range(60):
        parameters = {
            "r": dice.uniform(0.2, 4),
            "alpha": dice.uniform(5, 200),
            "a": dice.uniform(0.2, 4),
            "b": dice.uniform(0.4, 20),
        }
        t = dice.uniform(30, 900)
        x = dice.choice([0, 0, 1, 2, 3, 5, 9, 20])
        t_x = dice.uniform(0.1, 1) * t if x else 0
        asked.append(point(parameters, x, t_x, t, dice.choice([30, 90, 180, 365])))
    for (alive, expected, _), customer in zip(scores(asked), asked, strict=True):
        there, orders = by_integration(customer)
        assert alive == pytest.approx(there, rel=1e-8), customer
        assert expected == pytest.approx(orders, rel=2e-6), customer


# ---------------------------------------------------------------------------------------------
# The fit
# ---------------------------------------------------------------------------------------------


def lives(seed: int, customers: int, **parameters: float) -> Groups:
    """The x, t_x and T in days of customers who live as the model says."""
    dice = np.random.default_rng(seed)
    pace = dice.gamma(parameters["r"], 1 / parameters["alpha"], customers)
    chance = dice.beta(parameters["a"], parameters["b"], customers)
    age = dice.integers(60, 700, customers)
    x, t_x = np.zeros(customers, int), np.zeros(customers, int)
    for i in range(customers):
        day, days = 0.0, set()
        while True:
            day += dice.exponential(1 / pace[i])
            if day > age[i]:
                break
            days.add(math.ceil(day))
            if dice.random() < chance[i]:
                break
        x[i], t_x[i] = len(days), max(days, default=0)
    return x, t_x, age


SHOP = {"r": 0.8, "alpha": 60.0, "a": 0.9, "b": 4.0}


def log_likelihood(logs: Any, x: Any, t_x: Any, t: Any) -> float:
    """The BG/NBD log-likelihood as the paper prints it, customer by customer."""
    r, alpha, a, b = np.exp(logs)
    stayed = special.betaln(a, b + x) - special.betaln(a, b)
    stayed += special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha)
    left = stayed + np.log(a) - np.log(np.maximum(b + x - 1, 1e-300))
    stayed = stayed - (r + x) * np.log(alpha + t)
    left = np.where(x > 0, left - (r + x) * np.log(alpha + t_x), -np.inf)
    return float(np.logaddexp(stayed, left).sum())


@pytest.mark.parametrize("seed", range(4))
def test_fit_finds_what_a_search_without_gradients_finds(seed: int) -> None:
    x, t_x, t = lives(seed, 600, **SHOP)
    found = fit_bgnbd(x, t_x, t, np.ones(len(x)))
    logs = np.log([found[name] for name in ("r", "alpha", "a", "b")])
    assert found["log_likelihood"] == pytest.approx(log_likelihood(logs, x, t_x, t), rel=1e-9)
    plain = minimize(
        lambda logs: -log_likelihood(logs, x, t_x, t),
        np.log([1, 50, 1, 3]),
        method="Nelder-Mead",
        options={"maxiter": 4000, "maxfev": 4000, "xatol": 1e-7, "fatol": 1e-9},
    )
    assert found["log_likelihood"] >= -plain.fun - 1e-6
    assert found["log_likelihood"] >= log_likelihood(np.log(list(SHOP.values())), x, t_x, t)
    assert logs == pytest.approx(plain.x, abs=2e-3)


def test_equal_customers_are_fitted_together() -> None:
    """Grouped customers give what customers one by one give."""
    x, t_x, t = lives(5, 800, **SHOP)
    one_by_one = fit_bgnbd(x, t_x, t, np.ones(len(x)))
    groups, count = np.unique(np.stack([x, t_x, t]), axis=1, return_counts=True)
    assert len(count) < len(x)
    assert fit_bgnbd(*groups, count) == pytest.approx(one_by_one, rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_a_few_groups_lead_to_the_fit_of_all(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From where a few have their minimum it is a few steps to that of all, not another search."""
    lived, bought = lives(seed, 1500, **SHOP), values(seed, 1500, p=4, q=3, v=40)
    beyond = values(9, 2000, p=3, q=0.6, v=5)
    fits = [(fit_bgnbd, lived), (fit_gamma_gamma, bought), (fit_gamma_gamma, beyond)]
    plain = [of(*groups, np.ones(len(groups[0]))) for of, groups in fits]
    assert [found["is_degenerate"] for found in plain] == [0, 0, 1]

    searches: list[Any] = []
    search = fit.search
    monkeypatch.setattr(fit, "search", lambda *given: searches.append(given) or search(*given))
    monkeypatch.setattr(fit, "FEW", 200)
    counts = []
    for (of, groups), expected in zip(fits, plain, strict=True):
        searches.clear()
        found = of(*groups, np.ones(len(groups[0])))
        counts.append(len(searches))
        assert found == pytest.approx(expected, rel=1e-6)
    # What is degenerate is searched for in all.
    assert counts == [1, 1, 2]


@pytest.mark.parametrize("unit", [1 / 24, 7, 30.4375, 365.25])
def test_the_unit_of_time_does_not_matter(unit: float) -> None:
    """Pitfall 13: only alpha has a unit; each repeat is a density per unit of time."""
    x, t_x, t = lives(6, 500, **SHOP)
    days = fit_bgnbd(x, t_x, t, np.ones(len(x)))
    other = fit_bgnbd(x, t_x / unit, t / unit, np.ones(len(x)))
    for name in ("r", "a", "b"):
        assert other[name] == pytest.approx(days[name], rel=1e-6), name
    assert other["alpha"] * unit == pytest.approx(days["alpha"], rel=1e-6)
    assert other["log_likelihood"] - x.sum() * math.log(unit) == pytest.approx(
        days["log_likelihood"], rel=1e-9
    )


def test_statistics_of_no_customer_are_refused() -> None:
    """Pitfalls 5 and 9: orders of one day not merged, days since the last order for recency."""
    with pytest.raises(ValueError, match="last purchase"):
        fit_bgnbd([0, 1], [20, 5], [30, 30], [1, 1])  # no repeat, but a last one
    with pytest.raises(ValueError, match="last purchase"):
        fit_bgnbd([1, 2], [0, 5], [30, 30], [1, 1])  # orders of one day not merged (5)
    with pytest.raises(ValueError, match="last purchase"):
        fit_bgnbd([1, 2], [31, 5], [30, 30], [1, 1])


def test_without_those_who_never_came_back_it_is_another_fit() -> None:
    """Pitfalls 7 and 8: leaving them out, or counting the first purchase, moves every figure."""
    x, t_x, t = lives(8, 1500, **SHOP)
    one = np.ones(len(x))
    right = fit_bgnbd(x, t_x, t, one)
    only = x > 0
    assert fit_bgnbd(x[only], t_x[only], t[only], one[only])["r"] > 1.5 * right["r"]
    counted = fit_bgnbd(x + 1, np.maximum(t_x, 1), np.maximum(t, 1), one)
    assert counted["alpha"] < right["alpha"] / 2 or counted["r"] > 2 * right["r"]


@pytest.mark.parametrize(
    "statistics",
    [
        ([0], [0], [30], [50]),  # nobody came back
        ([5], [30], [30], [50]),  # everybody alike
        ([1000, 0], [999, 0], [1000, 1000], [1, 1]),
        ([0], [0], [0], [1]),  # one customer, today
    ],
)
def test_a_degenerate_fit_is_flagged_and_does_not_fail(statistics: Any) -> None:
    found = fit_bgnbd(*statistics)
    assert found["is_degenerate"] == 1
    assert all(math.isfinite(value) for value in found.values())


def values(seed: int, customers: int, p: float, q: float, v: float) -> Groups:
    """The x and amount of customers whose purchases are worth what the model says."""
    dice = np.random.default_rng(seed)
    scale = dice.gamma(q, 1 / v, customers)
    x = dice.integers(1, 9, customers)
    return x, dice.gamma(p * x, 1 / scale)


@pytest.mark.parametrize("seed", range(3))
def test_value_fit_finds_what_a_search_without_gradients_finds(seed: int) -> None:
    x, amount = values(seed, 1500, p=4, q=3, v=40)

    def loss(logs: Any) -> float:
        p, q, v = np.exp(logs)
        m = amount / x
        return -float(
            np.sum(
                special.gammaln(p * x + q) - special.gammaln(p * x) - special.gammaln(q)
                + q * np.log(v) + (p * x - 1) * np.log(m) + p * x * np.log(x)
                - (p * x + q) * np.log(x * m + v)
            )
        )  # fmt: skip

    found = fit_gamma_gamma(x, amount, np.ones(len(x)))
    logs = np.log([found[name] for name in "pqv"])
    assert found["log_likelihood"] == pytest.approx(-loss(logs), rel=1e-9)
    plain = minimize(
        loss,
        np.log([4, 3, 40]),
        method="Nelder-Mead",
        options={"maxiter": 4000, "maxfev": 4000, "xatol": 1e-7, "fatol": 1e-9},
    )
    assert found["log_likelihood"] >= -plain.fun - 1e-6
    assert logs == pytest.approx(plain.x, abs=2e-3)
    # Another currency: v moves with it, nothing else.
    other = fit_gamma_gamma(x, amount * 1e5, np.ones(len(x)))
    assert (other["p"], other["q"]) == pytest.approx((found["p"], found["q"]), rel=1e-6)
    assert other["v"] == pytest.approx(found["v"] * 1e5, rel=1e-6)


def test_a_mean_value_always_exists() -> None:
    """Pitfall 11: with q below 1 the mean is negative. These values want one, and do not get it."""
    x, amount = values(9, 2000, p=3, q=0.6, v=5)
    found = fit_gamma_gamma(x, amount, np.ones(len(x)))
    assert found["q"] > 1
    assert found["is_degenerate"] == 1
    assert found["p"] * (found["v"] + amount.min()) / (found["p"] + found["q"] - 1) > 0


def test_value_needs_something_of_value() -> None:
    """Pitfalls 10 and 12: no day without value, no customer without a repeat."""
    for x, amount in [([1, 1], [5, 0]), ([1, 1], [5, -3]), ([1, 0], [5, 5])]:
        with pytest.raises(ValueError, match="worth something"):
            fit_gamma_gamma(x, amount, [1, 1])


def test_who_buys_more_often_for_more_is_told() -> None:
    """Pitfall 21: the models take frequency and value as independent; the fit says how far."""
    x, amount = values(10, 3000, p=4, q=3, v=40)
    one = np.ones(len(x))
    assert abs(fit_gamma_gamma(x, amount, one)["correlation"]) < 0.06
    found = fit_gamma_gamma(x, amount * x, one)["correlation"]
    assert found == pytest.approx(np.corrcoef(x, amount)[0, 1], rel=1e-9)
    assert found > 0.3
    # Customers who are alike count each.
    twice = fit_gamma_gamma(x, amount * x, 1 + (x > 4))["correlation"]
    again = np.repeat(np.stack([x, amount]), 1 + (x > 4), axis=1)
    assert twice == pytest.approx(np.corrcoef(again)[0, 1], rel=1e-9)
    assert math.isnan(fit_gamma_gamma([2, 2], [3, 5], [1, 1])["correlation"])


# ---------------------------------------------------------------------------------------------
# The sample company
# ---------------------------------------------------------------------------------------------


def test_the_fit_of_the_sample_company_is_one(
    sample_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its seed holds what a fit of it finds: six digits, of the edge of what is possible two."""
    # Of a copy: dbt writes, and other tests of this process may have the company open to read.
    database = tmp_path / sample_database.name
    shutil.copyfile(sample_database, database)
    monkeypatch.setenv("LIFECYCLE_DUCKDB", str(database))
    with (PROJECT / "seeds" / "sample" / "sample_fitted_parameters.csv").open() as file:
        seeded = {
            (row["parameter"], row["customer_type"]): row
            for row in csv.DictReader(file)
            if row["parameter"].startswith(("bgnbd_", "gamma_gamma_"))
        }
    cut_off, rows = estimate(PROJECT, None, {}, "2024-09-30", of_sample=True)
    assert {row["cut_off"] for row in seeded.values()} == {cut_off}
    assert {(row["parameter"], row["customer_type"]) for row in rows} == set(seeded)
    for row in rows:
        wanted = seeded[row["parameter"], row["customer_type"]]
        assert int(wanted["sample_size"]) == row["sample_size"]
        assert wanted["diagnostics"] == row["diagnostics"]
        digits = 0.01 if row["customer_type"] == "b2b" else 1e-6
        assert float(row["value"]) == pytest.approx(float(wanted["value"]), rel=digits), row


def test_the_means_of_the_sample_company_are_its_own(sample: Any) -> None:
    """So are means, sizes and quantiles of gaps; the defaults are those of all that is known."""
    figures = """
        with moments as (
            select * from intermediate.int_purchase_moments where purchased_at < {until}
        ),
        buyers as (
            select customer_type, count(*) as moments, sum(net_amount) as amount
            from moments group by customer_type, customer_id
        ),
        days as (select distinct customer_type, customer_id, purchased_on from moments),
        gaps as (
            select customer_type, date_diff('day', lag(purchased_on) over life, purchased_on) as gap
            from days window life as (partition by customer_id order by purchased_on)
        )
        select 'mean_order_value', customer_type, round(sum(amount) / sum(moments), 4),
            count(*) filter (where moments > 1)
        from buyers group by all
        union all select 'mean_customer_value', customer_type, round(sum(amount) / count(*), 4),
            count(*) filter (where moments > 1)
        from buyers group by all
        union all select 'population_decline_days', customer_type,
            round(quantile_cont(gap::double, 0.80)), count(gap)
        from gaps group by all
        union all select 'population_churn_days', customer_type,
            round(quantile_cont(gap::double, 0.95)), count(gap)
        from gaps group by all
    """

    def seed(folder: str, name: str) -> dict[tuple[str, str], dict[str, str]]:
        with (PROJECT / "seeds" / folder / f"{name}.csv").open() as file:
            return {
                (row["parameter"], row["customer_type"]): row
                for row in csv.DictReader(file)
                if row["parameter"].startswith(("mean_", "population_"))
            }

    def found(until: str) -> dict[tuple[str, str], tuple[float, int]]:
        rows = sample.execute(figures.format(until=until)).fetchall()
        return {row[:2]: (float(row[2]), row[3]) for row in rows}

    assert {
        key: (float(row["value"]), int(row["sample_size"]))
        for key, row in seed("sample", "sample_fitted_parameters").items()
    } == found("timestamp '2024-09-30 22:00:00'")
    known = found("timestamp '2200-01-01'")
    defaults = seed("rules", "parameter_defaults")
    assert {key: float(row["value"]) for key, row in defaults.items()} == {
        key: known[key][0] for key in defaults
    }


def test_likelihood_in_sql_is_the_one_of_the_fit(sample: Any) -> None:
    """The engine's own gamma function, customer by customer, from the parameters in force."""
    (row,) = sample.execute("""
        with statistics as (
            select customer_id, count(distinct purchased_on) - 1 as x,
                date_diff('day', min(purchased_on), max(purchased_on)) as t_x,
                date_diff('day', min(purchased_on), date '2024-09-30') as t
            from intermediate.int_purchase_moments
            where customer_type = 'b2c' and purchased_at < timestamp '2024-09-30 22:00:00'
            group by customer_id
        ),
        parameters as (
            select r::double as r, alpha::double as alpha, a::double as a, b::double as b
            from intermediate.int_value_parameters where is_in_force and customer_type = 'b2c'
        )
        select count(*), sum(
            lgamma(r + x) - lgamma(r) + r * ln(alpha) + lgamma(a + b) + lgamma(b + x) - lgamma(b)
            - lgamma(a + b + x)
            + ln(
                pow(alpha + t, -r - x)
                + case when x > 0 then a / (b + x - 1) * pow(alpha + t_x, -r - x) else 0 end
            )
        ) from statistics cross join parameters
    """).fetchall()
    ((stored,),) = sample.execute("""
        select value from intermediate.int_parameters
        where parameter = 'bgnbd_log_likelihood' and customer_type = 'b2c'
    """).fetchall()
    assert row[0] == 143
    assert row[1] == pytest.approx(float(stored), rel=1e-9)


def test_value_of_the_sample_company_adds_up(sample: Any) -> None:
    """Historic value is that of the orders; value is never summed with what is only expected."""
    (row,) = sample.execute("""
        select sum(historic_net_amount), count(*), sum(orders),
            (select sum(net_amount) from marts.fct_orders where is_valid_order and not is_guest),
            (select count(*) from marts.customer_rfm),
            (select count(*) from marts.fct_orders where is_valid_order and not is_guest)
        from marts.customer_value
    """).fetchall()
    assert row[:3] == row[3:]


def test_what_each_week_brings_is_discounted(
    sample: Any, orders_within: Callable[[float], str]
) -> None:
    """Pitfall 13: increments, not what has come so far; what is left of 30 days at their end."""
    sample.execute("""
        create or replace temp table asked as
        select customer_type, r, alpha, a, b, repeat_purchase_days, age_days
        from intermediate.int_expected_orders
        inner join intermediate.int_value_parameters using (customer_type)
        where is_in_force
    """)
    sample.execute(f"create or replace temp table within as {orders_within(0.10)}")
    rows = sample.execute("""
        select customer_type, repeat_purchase_days, age_days, horizon_days, expected_orders
        from within
    """).fetchall()
    orders = {row[:4]: row[4] for row in rows}
    assert {row[3] for row in rows} == {*range(7, 365, 7), 30, 90, 180, 273, 364, 365}
    for horizon in (30, 90, 180, 273, 364, 365):
        where = "within" if horizon in (273, 364) else "intermediate.int_expected_orders"
        stored = sample.execute(f"""
            select distinct customer_type, repeat_purchase_days, age_days,
                expected_orders_{horizon}::double, discounted_orders_{horizon}::double
            from {where}
        """).fetchall()
        assert len(stored) > 100
        for *alike, expected, discounted in stored:
            ends = [*range(7, horizon + 1, 7)]
            ends += [horizon] if horizon % 7 else []
            value, before = 0.0, 0.0
            for end in ends:
                now = orders[*alike, end]
                value += (now - before) / 1.10 ** (end / 7 / 52)
                before = now
            assert expected == pytest.approx(before, abs=5e-8)
            assert discounted == pytest.approx(value, abs=5e-7)
            assert discounted < expected


def test_every_known_pitfall_has_its_test() -> None:
    """The tests that docs/value.md names are there."""
    text = (PROJECT / "docs" / "value.md").read_text("utf-8")
    rows = re.findall(r"^\| [^|]+ \| (`.+`) \|$", text.split("## Known pitfalls")[1], re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    python = "\n".join(f.read_text("utf-8") for f in (PROJECT / "tests" / "python").glob("*.py"))
    models = "\n".join(f.read_text("utf-8") for f in (PROJECT / "models").rglob("*.yml"))
    there = set(re.findall(r"^def (test_\w+)", python, re.MULTILINE))
    there |= set(re.findall(r"name: (\w+)$", models, re.MULTILINE))
    assert len(rows) > 20
    assert named <= there
