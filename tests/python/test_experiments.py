"""What experiments are judged by, from the warehouse's own SQL.

The formulas against scipy, published cases, statsmodels and tea-tasting on random data; then
thousands of made-up experiments, to see whether intervals cover and alarms keep their rates. Those
figures stand in docs/experiments.md: LIFECYCLE_WRITE_DOCS=1 writes them there, otherwise they must
be the ones that stand there.
"""

import os
import re
from collections.abc import Iterator
from textwrap import fill
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import tea_tasting
from experiments import STARTED, Bench, arm, arms_of
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest
from warehouse import PROJECT

from lifecycle.generate import generate

DOCUMENT = PROJECT / "docs" / "experiments.md"
HEADING = "## How often it is right"

FORMULAS = """
select
    z, t, degrees, chi_square, arms,
    {{ normal_p_value('z') }} as of_normal,
    {{ normal_of_t('t', 'degrees') }} as t_as_normal,
    {{ t_of_95_percent('degrees') }} as reach,
    {{ chi_square_p_value('chi_square', 'arms') }} as of_chi_square
from numbers
"""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The models on tables that a test fills."""
    with Bench(tmp_path_factory.mktemp("experiments")) as made:
        yield made


# ---------------------------------------------------------------------------------------------
# Formulas against scipy
# ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def formulas(bench: Bench) -> pd.DataFrame:
    """What the macros give for a grid of arguments, a row each."""
    grid = np.linspace(0, 30, 601)
    numbers = pd.concat(
        [
            pd.DataFrame({"z": grid, "t": grid / 3, "degrees": degrees, "chi_square": grid * 2})
            for degrees in (9.0, 9.7, 20.0, 50.5, 100.0, 1000.0, 36671.3)
        ]
    ).assign(arms=1)
    every = pd.concat([numbers.assign(arms=arms) for arms in range(1, 14)])
    return bench.formulas(FORMULAS, numbers=every)


def relative_error(found: pd.Series, exact: np.ndarray) -> float:
    """The largest."""
    return float(np.max(np.abs(found.to_numpy(float) / exact - 1)))


def test_normal(formulas: pd.DataFrame) -> None:
    near = formulas[formulas.z <= 7]
    assert np.abs(near.of_normal - 2 * stats.norm.sf(near.z)).max() < 1e-15
    assert relative_error(formulas.of_normal, 2 * stats.norm.sf(formulas.z)) < 1e-8


@pytest.mark.parametrize(
    ("degrees", "up_to_5", "up_to_10"),
    [(9.0, 2e-6, 2e-5), (20.0, 3e-8, 6e-7), (50.5, 1e-9, 2e-8), (100.0, 1e-10, 3e-9)],
)
def test_student(formulas: pd.DataFrame, degrees: float, up_to_5: float, up_to_10: float) -> None:
    rows = formulas[(formulas.degrees == degrees) & (formulas.arms == 1)]
    for largest, error in [(5, up_to_5), (10, up_to_10)]:
        chosen = rows[rows.t <= largest]
        of_t = pd.Series(2 * stats.norm.sf(chosen.t_as_normal))
        assert relative_error(of_t, 2 * stats.t.sf(chosen.t, degrees)) < error


@pytest.mark.parametrize(("degrees", "error"), [(9.0, 7e-6), (20.0, 2e-7), (100.0, 1e-10)])
def test_quantile_of_student(formulas: pd.DataFrame, degrees: float, error: float) -> None:
    found = formulas[formulas.degrees == degrees].reach
    assert relative_error(found, np.full(len(found), stats.t.ppf(0.975, degrees))) < error


def test_chi_square(formulas: pd.DataFrame) -> None:
    known = formulas[(formulas.arms <= 12) & (formulas.degrees == 9.0)]
    exact = stats.chi2.sf(known.chi_square, known.arms)
    assert relative_error(known.of_chi_square, exact) < 1e-8
    assert formulas[formulas.arms == 13].of_chi_square.isna().all()


# ---------------------------------------------------------------------------------------------
# Published cases
# ---------------------------------------------------------------------------------------------


def open_experiment(planned_sample: int) -> pd.DataFrame:
    """E1, which has no end."""
    return pd.DataFrame(
        [{"experiment_id": "E1", "planned_sample": planned_sample, "ends_at": pd.NaT}]
    )


def test_always_valid_interval_of_a_mean(bench: Bench) -> None:
    """GrowthBook's test of sequential inference, packages/stats/tests/frequentist."""
    metric = "revenue_within_14_days"
    arms = [
        arm("E1", "a", 3000, 1396.87, 52377.9767, metric=metric),
        arm("E1", "b", 3461, 2422.7, 134698.29, metric=metric),
    ]
    row = bench.judge(pd.DataFrame(arms), open_experiment(1000)).iloc[0]
    bounds = [row.always_valid_lift_low_ratio, row.always_valid_lift_high_ratio]
    assert [row.lift_ratio, *bounds] == pytest.approx([0.50336, -0.55844, 1.56516], abs=5e-6)
    assert row.always_valid_p_value == 1


def test_always_valid_interval_of_a_share(bench: Bench) -> None:
    """The same, published to five places with variances over n; ours are over n - 1."""
    arms = [arm("E1", "a", 3000, 1396), arm("E1", "b", 3461, 2422)]
    row = bench.judge(pd.DataFrame(arms), open_experiment(5000)).iloc[0]
    bounds = [row.always_valid_lift_low_ratio, row.always_valid_lift_high_ratio]
    assert [row.lift_ratio, *bounds] == pytest.approx([0.50386, 0.40098, 0.60675], abs=3e-5)
    assert bounds == pytest.approx([0.40096, 0.60676], abs=6e-6)
    assert (row.always_valid_p_value, row.verdict) == (0, "winner")


def test_cuped_case(bench: Bench) -> None:
    """tea-tasting's example of users, random stream 42: its published figures."""
    users = tea_tasting.make_users_data(rng=42, covariates=True, return_type="pandas")
    users = users.assign(experiment_id="E1", variant=users.variant.map({0: "a", 1: "b"}))
    rows = {}
    for value in ("revenue", "orders"):
        named = users.rename(columns={value: "value", f"{value}_covariate": "covariate"})
        columns = ["experiment_id", "variant", "value", "covariate"]
        rows[value] = bench.judge(arms_of(named[columns])).iloc[0]
    revenue, orders = rows["revenue"], rows["orders"]
    assert [revenue.control_mean, revenue["mean"]] == pytest.approx([5.241028, 5.730111], abs=5e-7)
    assert [revenue.lift_ratio, revenue.p_value] == pytest.approx([0.093, 0.123], abs=5e-4)
    assert revenue.cuped_difference == pytest.approx(0.731014448, abs=1e-8)
    bounds = [revenue.cuped_difference_low, revenue.cuped_difference_high]
    assert bounds == pytest.approx([0.202287, 1.259742], abs=5e-7)
    assert revenue.cuped_p_value == pytest.approx(0.006743929, abs=1e-8)
    assert orders.cuped_p_value == pytest.approx(0.00733, abs=5e-6)
    units = users.assign(is_crossed=False, assigned_at=STARTED, exposed_at=STARTED)
    shares = pd.DataFrame({"experiment_id": "E1", "variant": ["a", "b"], "expected_share": 0.5})
    split = bench.split(shares, units).iloc[0]
    # 2,023 and 1,977. tea-tasting has .477, corrected for continuity, which is for two arms only.
    assert split.split_p_value == pytest.approx(stats.chisquare([2023, 1977]).pvalue, abs=1e-8)
    assert not split.is_broken


# ---------------------------------------------------------------------------------------------
# Other people's programs on random data
# ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def samples() -> dict[str, list[pd.DataFrame]]:
    """Two hundred experiments of 10 to 400 units an arm: money with a past, and a whether."""
    draw = np.random.default_rng(11)
    made = {}
    for number in range(200):
        arms = []
        for variant in "ab":
            units = int(draw.integers(10, 400))
            taste = draw.gamma(1, 1, units)
            spent = np.round(draw.gamma(taste + 0.1, 20), 4)
            before = np.round(draw.gamma(taste + 0.1, 30), 4)
            arms.append(
                pd.DataFrame(
                    {"experiment_id": f"E{number}", "variant": variant, "value": spent,
                     "covariate": before, "converted": (draw.random(units) < 0.2).astype(int)}
                )
            )  # fmt: skip
        made[f"E{number}"] = arms
    return made


def test_welch_and_cuped_are_those_of_scipy_and_tea_tasting(
    bench: Bench, samples: dict[str, list[pd.DataFrame]]
) -> None:
    units = pd.concat(
        [part.drop(columns="converted") for arms in samples.values() for part in arms]
    )
    found = bench.judge(arms_of(units)).set_index("experiment_id")
    for name, (a, b) in samples.items():
        row = found.loc[name]
        test = stats.ttest_ind(b.value, a.value, equal_var=False)
        low, high = test.confidence_interval()
        assert row.p_value == pytest.approx(test.pvalue, abs=1e-6)
        assert [row.difference_low, row.difference_high] == pytest.approx([low, high], rel=1e-4)
    for name in list(samples)[:40]:
        a, b = samples[name]
        row = found.loc[name]
        metric = tea_tasting.Mean("value", covariate="covariate")
        test = tea_tasting.Experiment(x=metric).analyze(pd.concat([a, b]), control="a")["x"]
        assert row.cuped_difference == pytest.approx(test.effect_size, abs=1e-7)
        assert row.cuped_p_value == pytest.approx(test.pvalue, abs=1e-6)
        bounds = [row.cuped_difference_low, row.cuped_difference_high]
        exact = [test.effect_size_ci_lower, test.effect_size_ci_upper]
        assert bounds == pytest.approx(exact, abs=1e-4)


def test_shares_are_those_of_statsmodels(
    bench: Bench, samples: dict[str, list[pd.DataFrame]]
) -> None:
    counts = {
        name: [(part.converted.sum(), len(part)) for part in arms] for name, arms in samples.items()
    }
    arms = [
        arm(name, variant, units, int(converted))
        for name, pair in counts.items()
        for variant, (converted, units) in zip("ab", pair, strict=True)
    ]
    found = bench.judge(pd.DataFrame(arms)).set_index("experiment_id")
    for name, ((a, of_a), (b, of_b)) in counts.items():
        row = found.loc[name]
        assert row.p_value == pytest.approx(proportions_ztest([a, b], [of_a, of_b])[1], abs=1e-8)
        exact = confint_proportions_2indep(b, of_b, a, of_a, method="newcomb")
        assert [row.difference_low, row.difference_high] == pytest.approx(exact, abs=2e-8)


def test_ends_of_the_lift_are_where_the_test_turns(
    bench: Bench, samples: dict[str, list[pd.DataFrame]]
) -> None:
    """Fieller's interval holds the ratios that a test at its level would not refuse."""
    units = pd.concat(
        [part.drop(columns="converted") for arms in samples.values() for part in arms]
    )
    found = bench.judge(arms_of(units)).set_index("experiment_id")
    checked = 0
    for name, (a, b) in samples.items():
        row = found.loc[name]
        test = stats.ttest_ind(b.value, a.value, equal_var=False)
        reach = stats.t.ppf(0.975, test.df)
        for end in (row.lift_low_ratio, row.lift_high_ratio):
            if not np.isnan(end):
                ratio = 1 + end
                error = np.sqrt(b.value.var() / len(b) + ratio**2 * a.value.var() / len(a))
                distance = abs(b.value.mean() - ratio * a.value.mean())
                assert distance == pytest.approx(reach * error, rel=1e-4)
                checked += 1
    assert checked > 350


def test_correction_is_that_of_statsmodels(bench: Bench) -> None:
    draw = np.random.default_rng(3)
    arms = []
    for variant in "abcdef":
        for metric in (
            "order_within_14_days",
            "order_within_30_days",
            "unsubscribe_within_14_days",
        ):
            is_primary = metric == "order_within_14_days"
            converted = int(draw.integers(150, 230))
            arms.append(arm("E1", variant, 1000, converted, metric=metric, is_primary=is_primary))
    found = bench.judge(pd.DataFrame(arms))
    assert len(found) == 15
    for _, family in found.groupby("is_primary"):
        exact = multipletests(family.p_value, method="holm")[1]
        assert family.adjusted_p_value.to_numpy() == pytest.approx(exact, abs=1e-8)


def test_splits_are_those_of_scipy(bench: Bench) -> None:
    """Two to seven arms of unequal shares, and how many of each were exposed."""
    draw = np.random.default_rng(5)
    shares, rows, exact = [], [], {}
    for number, arms in enumerate([2, 3, 4, 5, 6, 7] * 5):
        name = f"E{number}"
        planned = np.round(draw.dirichlet([8] * arms), 4)
        counts = draw.multinomial(2000, planned / planned.sum())
        exposed = draw.binomial(counts, 0.9)
        for place in range(arms):
            shares.append((name, f"v{place}", planned[place]))
            for unit in range(counts[place]):
                seen = STARTED if unit < exposed[place] else pd.NaT
                rows.append((name, f"v{place}", False, STARTED, seen))
        expected = planned / planned.sum() * 2000
        alike = stats.chi2_contingency([exposed, counts - exposed], correction=False)
        exact[name] = (stats.chisquare(counts, expected).pvalue, alike.pvalue)
    columns = ["experiment_id", "variant", "is_crossed", "assigned_at", "exposed_at"]
    variants = pd.DataFrame(shares, columns=["experiment_id", "variant", "expected_share"])
    found = bench.split(variants, pd.DataFrame(rows, columns=columns)).set_index("experiment_id")
    for name, (of_split, of_exposure) in exact.items():
        row = found.loc[name]
        assert row.split_p_value == pytest.approx(of_split, abs=1e-7)
        assert row.exposure_p_value == pytest.approx(of_exposure, abs=1e-7)
        assert row.is_broken == (min(exact[name]) < 0.0005)


# ---------------------------------------------------------------------------------------------
# Made-up experiments whose truth is known
# ---------------------------------------------------------------------------------------------

COMPANY = (10_000, 730, 5)  # customers, days and the seed of their randomness
SHARES, MONEY, PEEKED, LOOKS, SPLITS = 20_000, 4_000, 4_000, 28, 20_000


def columns_of(names: list[str], metric: str, units: Any, *sums: Any) -> pd.DataFrame:
    """Arms `a` and `b` from arrays of (experiment, arm)."""
    kinds = ["value_sum", "value_squares", "covariate_sum", "covariate_squares", "products"]
    arrays = dict(zip(["units", *kinds], [units, *sums], strict=False))
    return pd.concat(
        [
            pd.DataFrame(
                {"experiment_id": names, "segment": "all", "variant": variant, "metric": metric,
                 "is_primary": True, "net_amount": 0, "costed_amount": 0}
                | {kind: arrays[kind][:, place] if kind in arrays else 0
                   for kind in ["units", *kinds]}
            )
            for place, variant in enumerate("ab")
        ]
    )  # fmt: skip


def covered(rows: pd.DataFrame, low: str, high: str, truth: Any) -> float:
    """The share of the intervals there are that hold the truth."""
    found = rows[rows[low].notna()]
    kept = pd.Series(truth, rows.index)[found.index]
    return float(((found[low] <= kept) & (kept <= found[high])).mean())


@pytest.fixture(scope="module")
def simulated_shares(bench: Bench) -> dict[str, float]:
    """Conversion of 2 to 40 %, 20 to 1,000 units an arm, lifts of -30 to 30 %."""
    draw = np.random.default_rng(7)
    units = draw.integers(20, 1000, (SHARES, 2))
    base, lift = draw.uniform(0.02, 0.4, SHARES), draw.uniform(-0.3, 0.3, SHARES)
    names = [f"E{number}" for number in range(SHARES)]
    metric = "order_within_14_days"

    def judged(lifts: Any) -> pd.DataFrame:
        converted = draw.binomial(units, np.stack([base, base * (1 + lifts)], 1))
        rows = bench.judge(columns_of(names, metric, units, converted, converted))
        return rows.set_index("experiment_id").loc[names]

    rows = judged(lift)
    return {
        "difference": covered(rows, "difference_low", "difference_high", base * lift),
        "lift": covered(rows, "lift_low_ratio", "lift_high_ratio", lift),
        "false": float((judged(0 * lift).verdict != "no difference seen").mean()),
    }


def money(draw: np.random.Generator, experiments: int, units: int) -> tuple[Any, Any]:
    """What units spend and have spent before: most nothing, some much, by a taste of their own."""
    taste = draw.gamma(1, 1, (experiments, units))
    buys = draw.random((experiments, units)) < np.clip(0.4 * taste, 0, 1)
    before = draw.poisson(2 * taste) * 12.5
    return np.round(buys * taste * draw.gamma(2, 12, (experiments, units)), 4), before


@pytest.fixture(scope="module")
def simulated_money(bench: Bench) -> dict[str, float]:
    """Revenue of 400 units an arm, nine tenths of them small; lifts of -20 to 20 %."""
    draw = np.random.default_rng(8)
    lift = draw.uniform(-0.2, 0.2, MONEY)
    names = [f"E{number}" for number in range(MONEY)]
    mean = np.mean([money(draw, 1000, 1000)[0].mean() for _ in range(10)])

    def judged(lifts: Any) -> pd.DataFrame:
        sums: list[list[Any]] = [[] for _ in range(5)]
        for place in range(2):
            spent, before = money(draw, MONEY, 400)
            spent = np.round(spent * (1 + place * lifts[:, None]), 4)
            parts = [spent, spent**2, before, before**2, spent * before]
            for kind, part in zip(sums, parts, strict=True):
                kind.append(part.sum(1))
        arrays = [np.stack(kind, 1) for kind in sums]
        units = np.full((MONEY, 2), 400)
        rows = bench.judge(columns_of(names, "revenue_within_14_days", units, *arrays))
        return rows.set_index("experiment_id").loc[names]

    rows, alike = judged(lift), judged(0 * lift)
    width = (rows.cuped_difference_high - rows.cuped_difference_low).mean()
    return {
        "difference": covered(rows, "difference_low", "difference_high", mean * lift),
        "lift": covered(rows, "lift_low_ratio", "lift_high_ratio", lift),
        "cuped": covered(rows, "cuped_difference_low", "cuped_difference_high", mean * lift),
        "false": float((alike.verdict != "no difference seen").mean()),
        "cuped_false": float((alike.cuped_p_value < 0.05).mean()),
        "cuped_width": float(width / (rows.difference_high - rows.difference_low).mean()),
    }


@pytest.fixture(scope="module")
def simulated_peeks(bench: Bench) -> dict[str, float]:
    """Experiments without a difference and without an end, looked at on each of 28 days.

    Half are of conversion, half of revenue with a long tail; 3 to 60 new units an arm and day, and
    a planned sample from a third to three times of what comes.
    """
    draw = np.random.default_rng(9)
    half = PEEKED // 2
    per_day = draw.integers(3, 60, PEEKED)
    planned = (per_day * 2 * LOOKS * draw.uniform(1 / 3, 3, PEEKED)).astype(int)
    base = draw.uniform(0.03, 0.4, half)
    shape = (half, LOOKS, 2)
    converted = draw.binomial(per_day[:half, None, None], base[:, None, None], shape).astype(float)
    spent, squares = np.zeros(shape), np.zeros(shape)
    for number, units in enumerate(per_day[half:]):
        each = (draw.random((LOOKS, 2, units)) < 0.2) * draw.lognormal(3, 1, (LOOKS, 2, units))
        spent[number], squares[number] = each.sum(2), (each**2).sum(2)
    seen = []
    for metric, days, sums in [
        ("order_within_14_days", slice(0, half), [converted, converted]),
        ("revenue_within_14_days", slice(half, None), [spent, squares]),
    ]:
        names = [f"E{number}-{look}" for number in range(half) for look in range(LOOKS)]
        units = np.repeat(
            np.outer(per_day[days], np.arange(1, LOOKS + 1)).reshape(-1, 1), 2, axis=1
        )
        until = [part.cumsum(1).reshape(-1, 2) for part in sums]
        plan = pd.DataFrame(
            {"experiment_id": names, "planned_sample": np.repeat(planned[days], LOOKS),
             "ends_at": pd.NaT}
        )  # fmt: skip
        rows = bench.judge(columns_of(names, metric, units, *until), plan)
        seen.append(rows.set_index("experiment_id").loc[names])
    rows = pd.concat(seen)

    def ever(holds: pd.Series) -> float:
        return float(holds.to_numpy().reshape(PEEKED, LOOKS).any(1).mean())

    outside = (rows.always_valid_difference_low > 0) | (rows.always_valid_difference_high < 0)
    return {
        "decided": ever(rows.verdict.isin(["winner", "loser"])),
        "outside": ever(outside),
        "fixed": ever(rows.p_value < 0.05),
    }


@pytest.fixture(scope="module")
def simulated_splits(bench: Bench) -> dict[str, float]:
    """Two to four arms, 300 units, 95 % exposed: as planned, and 62 % where half was planned."""
    draw = np.random.default_rng(10)
    arms = draw.integers(2, 5, SPLITS)
    numbers = np.repeat(np.arange(SPLITS), 300)
    is_exposed = draw.random(len(numbers)) < 0.95
    shares = pd.DataFrame(
        [(f"E{n}", f"v{v}", 1 / count) for n, count in enumerate(arms) for v in range(count)],
        columns=["experiment_id", "variant", "expected_share"],
    )  # fmt: skip

    def split(places: Any) -> pd.DataFrame:
        units = pd.DataFrame({"number": numbers, "place": places, "is_exposed": is_exposed})
        bench.con.register("drawn", units)
        bench.con.execute(f"""
            create or replace table intermediate.int_experiment_units as
            select 'E' || number as experiment_id, 'v' || place as variant, false as is_crossed,
                timestamp '{STARTED}' as assigned_at,
                case when is_exposed then timestamp '{STARTED}' end as exposed_at
            from drawn
        """)
        return bench.split(shares)

    even = split((draw.random(len(numbers)) * arms[numbers]).astype(int))
    two = arms[numbers] == 2
    tilted = split(np.where(two, draw.random(len(numbers)) < 0.62, 0).astype(int))
    of_two = tilted.experiment_id.isin([f"E{number}" for number in np.flatnonzero(arms == 2)])
    return {
        "alarms": float(even.is_broken.mean()),
        "five_percent": float((even.split_p_value < 0.05).mean()),
        "exposure_five_percent": float((even.exposure_p_value.dropna() < 0.05).mean()),
        "found": float(tilted[of_two].is_broken.mean()),
    }


@pytest.fixture(scope="module")
def known_effects(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Per arm, over all experiments of its kind: what the generator adds, and what was found.

    An added order matters only for those who would not have ordered anyway.
    """
    folder = tmp_path_factory.mktemp("made")
    generate(*COMPANY, folder, "parquet")
    found = bench.company(folder)
    found = found[found.is_primary & (found.segment == "all") & found.difference.notna()]
    added = duckdb.sql(f"""
        select variant, any_value(true_added_order_probability) as added
        from '{folder / "truth_experiments.parquet"}' group by variant
    """).df()
    rows = found.merge(added, on="variant")
    # Each experiment weighs as much as it tells.
    rows["weight"] = 1 / (1 / rows.units + 1 / rows.control_units)
    rows["expected"] = rows.added * (1 - rows.control_mean)
    arms = []
    for (variant, effect), group in rows.groupby(["variant", "added"]):
        of_arm = group["mean"] * (1 - group["mean"]) / group.units
        of_control = group.control_mean * (1 - group.control_mean) / group.control_units
        share = group.weight / group.weight.sum()
        arms.append(
            {"variant": variant, "added": effect, "experiments": len(group),
             "units": int(group.units.sum() + group.control_units.sum()),
             "expected": (share * group.expected).sum(), "found": (share * group.difference).sum(),
             "error": np.sqrt((share**2 * (of_arm + of_control)).sum()),
             "winners": int((group.verdict == "winner").sum()),
             "losers": int((group.verdict == "loser").sum())}
        )  # fmt: skip
    return pd.DataFrame(arms).sort_values("added", ascending=False, ignore_index=True)


def test_known_effects_are_found(known_effects: pd.DataFrame) -> None:
    """The offer of 20 % adds an order with .12, and so on down to an arm that is its control."""
    assert dict(zip(known_effects.variant, known_effects.added, strict=True)) == {
        "offer_20": 0.12, "urgent": 0.06, "one_page": 0.05, "friendly": 0.04, "a_again": 0,
    }  # fmt: skip
    for arm_ in known_effects.itertuples():
        assert abs(arm_.found - arm_.expected) < 3 * arm_.error, arm_.variant
    assert known_effects.losers.sum() == 0
    assert known_effects.winners[known_effects.added == 0].sum() == 0
    assert known_effects.winners.sum() > 0


def test_intervals_cover_as_often_as_they_say(
    simulated_shares: dict[str, float], simulated_money: dict[str, float]
) -> None:
    for figures in (simulated_shares, simulated_money):
        for name in {"difference", "lift", "cuped"} & set(figures):
            assert 0.94 <= figures[name] <= 0.96, name


def test_where_nothing_differs_one_in_twenty_is_called_different(
    simulated_shares: dict[str, float], simulated_money: dict[str, float]
) -> None:
    for rate in (
        simulated_shares["false"],
        simulated_money["false"],
        simulated_money["cuped_false"],
    ):
        assert 0.04 <= rate <= 0.055


def test_looking_daily_costs_nothing(simulated_peeks: dict[str, float]) -> None:
    assert simulated_peeks["decided"] <= 0.05
    assert simulated_peeks["outside"] <= 0.05
    # the test that is made for one look
    assert simulated_peeks["fixed"] > 0.15


def test_alarm_of_the_split_keeps_its_rate(simulated_splits: dict[str, float]) -> None:
    assert simulated_splits["alarms"] <= 0.0016  # .001, and four standard errors less than .0009
    assert 0.045 <= simulated_splits["five_percent"] <= 0.055
    assert 0.04 <= simulated_splits["exposure_five_percent"] <= 0.06
    assert simulated_splits["found"] > 0.5


@pytest.fixture(scope="module")
def section(
    simulated_shares: dict[str, float],
    simulated_money: dict[str, float],
    simulated_peeks: dict[str, float],
    simulated_splits: dict[str, float],
    known_effects: pd.DataFrame,
) -> str:
    """The figures as they stand in the documents."""
    shares, spent, peeks, splits = (
        simulated_shares, simulated_money, simulated_peeks, simulated_splits
    )  # fmt: skip
    rows = [
        ("95 % interval of the difference of two shares holds the truth", SHARES,
         f"{shares['difference']:.1%}"),
        ("… of the lift of a share", SHARES, f"{shares['lift']:.1%}"),
        ("… of the difference in revenue", MONEY, f"{spent['difference']:.1%}"),
        ("… of the lift in revenue", MONEY, f"{spent['lift']:.1%}"),
        ("… of the difference in revenue, CUPED", MONEY, f"{spent['cuped']:.1%}"),
        ("Nothing differs, one look: called a winner or loser, shares", SHARES,
         f"{shares['false']:.1%}"),
        ("… revenue", MONEY, f"{spent['false']:.1%}"),
        ("Nothing differs, no end, a look on each of 28 days: ever called a winner or loser",
         PEEKED, f"{peeks['decided']:.1%}"),
        ("… the same looks with the test that is made for one", PEEKED, f"{peeks['fixed']:.1%}"),
        ("Split as planned: called broken at an alarm of .001", SPLITS, f"{splits['alarms']:.2%}"),
        ("300 units split 62 to 38 instead of in half: called broken", SPLITS,
         f"{splits['found']:.1%}"),
    ]  # fmt: skip
    table = ["| what | experiments | figure |", "| --- | ---: | ---: |"]
    table += [f"| {what} | {number:,} | {figure} |" for what, number, figure in rows]
    narrower = (
        f"The CUPED intervals of revenue are {spent['cuped_width']:.0%} as wide as the plain ones: "
        "what a unit spends is partly taste, which its past shows."
    )
    made = (
        f"The [generator](generator.md) knows what its experiments add. {COMPANY[0]:,} customers, "
        f"{COMPANY[1]} days, all experiments of a kind together; to be expected is the added "
        "probability for those who would not have ordered anyway."
    )
    effects = ["| arm | adds an order with | experiments | units | expected | found | winners |"]
    effects += ["| --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    effects += [
        f"| {row.variant} | {row.added:.2f} | {row.experiments} | {row.units:,} | "
        f"{row.expected:.1%} | {row.found:.1%} ± {1.96 * row.error:.1%} | {row.winners} |"
        for row in known_effects.itertuples()
    ]
    parts = ["\n".join(table), fill(narrower, 100), fill(made, 100), "\n".join(effects)]
    return "\n\n".join([HEADING, *parts]) + "\n"


def test_the_figures_stand_in_the_documents(section: str) -> None:
    written = DOCUMENT.read_text("utf-8")
    standing = re.search(rf"^{HEADING}$.*?(?=^## |\Z)", written, re.DOTALL | re.MULTILINE)
    assert standing, f"{DOCUMENT.name} has no section {HEADING}"
    if os.environ.get("LIFECYCLE_WRITE_DOCS") == "1":
        DOCUMENT.write_text(written.replace(standing[0], section + "\n").rstrip() + "\n", "utf-8")
    else:
        assert standing[0].split() == section.split()
