"""The project's SQL against libraries that others wrote, on random data.

What runs on one side is dbt's own compiled SQL; on the other lifetimes (customer value),
statsmodels (intervals, survival, log-rank) and mlxtend (association rules). Where lifetimes does
not converge, by its own word, a case says so and is left out.
"""

import json
import math
import random
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from lifetimes import BetaGeoFitter, GammaGammaFitter
from lifetimes.utils import ConvergenceError
from mlxtend.frequent_patterns import apriori, association_rules
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight, survdiff
from statsmodels.stats.proportion import proportion_confint
from test_affinities import MAX_PRODUCTS, MIN_SUPPORT, Line
from test_affinities import company as baskets
from test_value import lives, point, scores, values  # noqa: F401  (a fixture)
from warehouse import run_dbt

from lifecycle.fit import fit_bgnbd, fit_gamma_gamma

MODELS = ("kpi_survival", "kpi_survival_differences", "kpi_product_affinities")
FORMULAS = """
select
    key,
    {{ wilson_bound('successes', 'trials', 'low') }} as low,
    {{ wilson_bound('successes', 'trials', 'high') }} as high,
    {{ net_promoter_bound('successes', 'failures', 'trials', 'low') }} as low_score,
    {{ net_promoter_bound('successes', 'failures', 'trials', 'high') }} as high_score,
    {{ normal_p_value('z') }} as p_value,
    {{ mean_purchase_value('x', 'amount') }} as mean_value
from asked
order by key
"""
Run = Callable[[str, pd.DataFrame], pd.DataFrame]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """What a model makes of a table, or the formulas of rows: by name, in the order of keys."""
    database = tmp_path_factory.mktemp("oracles") / "company.duckdb"
    chosen = {"affinity_max_products": MAX_PRODUCTS, "affinity_min_support": float(MIN_SUPPORT)}
    run_dbt(f"compile --select {' '.join(MODELS)}", database, variables=chosen)
    results = json.loads((database.with_suffix(".target") / "run_results.json").read_text("utf-8"))
    sql = {r["unique_id"].split(".")[-1]: r["compiled_code"] for r in results["results"]}
    done = run_dbt("compile --quiet", database, "--inline", FORMULAS, variables=chosen)
    sql["formulas"] = done.stdout[done.stdout.index("select") :]
    reads = {
        "formulas": "asked",
        "kpi_product_affinities": "company.marts.fct_order_items",
        "kpi_survival": "company.marts.customer_lives",
        "kpi_survival_differences": "company.marts.customer_lives",
    }

    def made(name: str, rows: pd.DataFrame) -> pd.DataFrame:
        with duckdb.connect() as con:
            con.execute("attach ':memory:' as company")
            con.execute("create schema company.marts")
            con.execute(f"create table {reads[name]} as from rows")
            return con.execute(sql[name]).df()

    return made


# --- customer value: lifetimes ---------------------------------------------------------------


def fitted_by_lifetimes(x: Any, t_x: Any, t: Any) -> BetaGeoFitter:
    """Its fit; leaves the case out when it says itself that it found none."""
    fitter = BetaGeoFitter()
    try:
        return fitter.fit(x, t_x, t)
    except ConvergenceError:
        pytest.skip("lifetimes did not converge, by its own word")


@pytest.mark.parametrize("seed", range(20, 28))
def test_bgnbd_is_what_lifetimes_finds(scores: Any, seed: int) -> None:  # noqa: F811
    """Eight companies: never a smaller likelihood, the same parameters, the same forecasts."""
    dice = random.Random(seed)
    shop = {
        "r": dice.uniform(0.4, 2),
        "alpha": dice.uniform(20, 120),
        "a": dice.uniform(0.5, 2),
        "b": dice.uniform(2, 8),
    }
    x, t_x, t = lives(seed, 900, **shop)
    found = fit_bgnbd(x, t_x, t, np.ones(len(x)))
    names = ["r", "alpha", "a", "b"]

    def by_lifetimes(fit: dict[str, float]) -> float:
        """Its likelihood of a fit: a mean there, and without the sign."""
        logs = np.log([fit[name] for name in names])
        mean = BetaGeoFitter._negative_log_likelihood(logs, x, t_x, t, np.ones(len(x)), 0)
        return -mean * len(x)

    assert found["log_likelihood"] == pytest.approx(by_lifetimes(found), rel=1e-10)
    fitter = fitted_by_lifetimes(x, t_x, t)
    theirs = {name: float(fitter.params_[name]) for name in names}
    assert found["log_likelihood"] >= by_lifetimes(theirs) - 1e-6
    for name in names:
        assert found[name] == pytest.approx(theirs[name], rel=0.01), name

    horizon = dice.choice([30, 90, 180, 365])
    some = dice.sample(range(len(x)), 60)
    asked = [point(theirs, *map(float, (x[i], t_x[i], t[i])), horizon) for i in some]
    alive = fitter.conditional_probability_alive(x[some], t_x[some], t[some])
    orders = fitter.conditional_expected_number_of_purchases_up_to_time(
        horizon, x[some], t_x[some], t[some]
    )
    compared = 0
    for (p, expected, _), p_theirs, orders_theirs in zip(scores(asked), alive, orders, strict=True):
        assert p == pytest.approx(p_theirs, rel=1e-9)
        if math.isfinite(orders_theirs):
            assert p * expected == pytest.approx(orders_theirs, rel=2e-6, abs=1e-9)
            compared += 1
    assert compared > 50


@pytest.mark.parametrize("seed", range(30, 36))
def test_gamma_gamma_is_what_lifetimes_finds(run: Run, seed: int) -> None:
    dice = random.Random(seed)
    shop = {"p": dice.uniform(2, 8), "q": dice.uniform(2, 5), "v": dice.uniform(10, 90)}
    x, amount = values(seed, 1200, **shop)
    found = fit_gamma_gamma(x, amount, np.ones(len(x)))

    def by_lifetimes(fit: dict[str, float]) -> float:
        """Its likelihood of a fit: a mean there, and without the sign."""
        logs = np.log([fit[name] for name in "pqv"])
        one = np.ones(len(x))
        return -GammaGammaFitter._negative_log_likelihood(logs, x, amount / x, one, 0) * len(x)

    assert found["log_likelihood"] == pytest.approx(by_lifetimes(found), rel=1e-10)
    fitter = GammaGammaFitter()
    try:
        fitter.fit(x, amount / x)
    except ConvergenceError:
        pytest.skip("lifetimes did not converge, by its own word")
    theirs = {name: float(fitter.params_[name]) for name in "pqv"}
    assert found["log_likelihood"] >= by_lifetimes(theirs) - 1e-6
    for name in "pqv":
        assert found[name] == pytest.approx(theirs[name], rel=0.01), name
    rows = pd.DataFrame({"key": range(len(x)), "x": x, "amount": amount, **theirs})
    means = run("formulas", rows.assign(successes=0, failures=0, trials=1, z=0.0))["mean_value"]
    theirs_means = fitter.conditional_expected_average_profit(x, amount / x)
    assert means.to_numpy() == pytest.approx(theirs_means, rel=1e-9)


# --- intervals: statsmodels ------------------------------------------------------------------


def test_intervals_are_those_of_statsmodels(run: Run) -> None:
    """Of 2,000 random counts: Wilson's to eight places, the net promoter score by its formula."""
    dice = np.random.default_rng(40)
    trials = dice.integers(1, 3000, 2000)
    successes = dice.binomial(trials, dice.random(2000) ** 2)
    failures = dice.binomial(trials - successes, dice.random(2000))
    rows = pd.DataFrame({"successes": successes, "failures": failures, "trials": trials})
    rows = rows.assign(key=range(2000), z=dice.normal(0, 3, 2000), x=0, amount=0, p=1, q=2, v=1)
    found = run("formulas", rows)
    low, high = proportion_confint(successes, trials, alpha=0.05, method="wilson")
    assert np.abs(found["low"] - low).max() < 1e-8
    assert np.abs(found["high"] - high).max() < 1e-8
    # An answer is 1, 0 or -1; the interval ends where the score does.
    mean = (successes - failures) / trials
    error = np.sqrt(((successes + failures) / trials - mean**2) / trials)
    reach = stats.norm.ppf(0.975) * error
    assert np.abs(found["low_score"] - 100 * np.maximum(mean - reach, -1)).max() < 1e-8
    assert np.abs(found["high_score"] - 100 * np.minimum(mean + reach, 1)).max() < 1e-8
    assert np.abs(found["p_value"] - 2 * stats.norm.sf(np.abs(rows["z"]))).max() < 1e-12


# --- survival: statsmodels -------------------------------------------------------------------


def random_lives(seed: int) -> pd.DataFrame:
    """Up to two hundred lives of two customer types and three channel groups, with many ties."""
    dice = np.random.default_rng(seed)
    size = int(dice.integers(5, 200))
    group = dice.choice(["search", "social", "store"], size)
    pace = np.where(group == "store", 40, 25)
    ends, seen = dice.exponential(pace), dice.integers(0, 60, size)
    return pd.DataFrame(
        {
            "customer_type": dice.choice(["b2c", "b2b"], size, p=[0.8, 0.2]),
            "cohort_year_start_on": pd.Timestamp("2024-01-01"),
            "acquisition_channel_group": group,
            "is_churned": ends <= seen,
            "days": np.minimum(np.floor(ends), seen).astype(int),
        }
    )


@pytest.mark.parametrize("seed", range(50, 60))
def test_survival_is_that_of_statsmodels(run: Run, seed: int) -> None:
    """Share, Greenwood's error and median, to six places, wherever somebody churns."""
    rows = random_lives(seed)
    found = run("kpi_survival", rows)
    for kind, own in rows.groupby("customer_type"):
        curve = found[(found["customer_type"] == kind) & found["cohort_year_start_on"].isna()]
        curve = curve[curve["churned"] > 0].sort_values("days")
        theirs = SurvfuncRight(own["days"], own["is_churned"].astype(int))
        assert list(curve["days"]) == list(theirs.surv_times)
        assert list(curve["at_risk"]) == list(theirs.n_risk)
        assert np.abs(curve["survival_rate"].to_numpy() - theirs.surv_prob).max(initial=0) < 6e-7
        left = curve["survival_rate"].to_numpy() > 0
        error = curve["survival_standard_error_rate"].to_numpy()
        assert np.abs(error - theirs.surv_prob_se)[left].max(initial=0) < 6e-7
        median = [
            day for day, s in zip(theirs.surv_times, theirs.surv_prob, strict=True) if s <= 0.5
        ]
        assert set(curve["median_days"].dropna()) == set(median[:1])


@pytest.mark.parametrize("seed", range(60, 72))
def test_log_rank_is_that_of_statsmodels(run: Run, seed: int) -> None:
    """A group against all others of its comparison, to six places; p to eight."""
    rows = random_lives(seed)
    found = run("kpi_survival_differences", rows).fillna({"customer_type": "all"})
    compared = 0
    for row in found.itertuples():
        if row.compared_by == "customer_type":
            own, member = rows, rows["customer_type"] == row.group_name
        else:
            own = rows[rows["customer_type"] == row.customer_type]
            member = own["acquisition_channel_group"] == row.group_name
        assert row.customers == member.sum()
        assert row.churned == own["is_churned"][member].sum()
        if math.isnan(row.log_rank_chi_square):
            continue
        chi_square, p_value = survdiff(own["days"], own["is_churned"].astype(int), member)
        assert row.log_rank_chi_square == pytest.approx(chi_square, abs=6e-7)
        assert row.p_value == pytest.approx(p_value, abs=6e-9)
        compared += 1
    assert compared >= 2


# --- baskets: mlxtend ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(80, 90))
def test_affinities_are_those_of_mlxtend(run: Run, seed: int) -> None:
    """All six figures of every pair, to six places."""
    lines = [line for line in baskets(seed) if line.is_product and line.is_valid_order]
    rows = pd.DataFrame(lines, columns=Line._fields)
    held = pd.crosstab(rows["order_id"], rows["product_id"]) > 0
    popular = held.sum().sort_index().sort_values(ascending=False, kind="stable")[:MAX_PRODUCTS]
    sets = apriori(held[popular.index], float(MIN_SUPPORT), use_colnames=True, max_len=2)
    theirs = {
        (*rule.antecedents, *rule.consequents): rule
        for rule in association_rules(sets, metric="support", min_threshold=0).itertuples()
    }
    found = run("kpi_product_affinities", rows)
    assert {(row.product_id, row.with_product_id) for row in found.itertuples()} == set(theirs)
    for row in found.itertuples():
        rule = theirs[row.product_id, row.with_product_id]
        for ours, other in [
            (row.support_rate, rule.support),
            (row.confidence_rate, rule.confidence),
            (row.lift, rule.lift),
            (row.leverage, rule.leverage),
            (row.zhang, rule.zhangs_metric),
        ]:
            assert ours == pytest.approx(other, abs=6e-7)
        assert math.isnan(row.conviction) == math.isinf(rule.conviction)
        if math.isfinite(rule.conviction):
            assert row.conviction == pytest.approx(rule.conviction, abs=6e-7)
