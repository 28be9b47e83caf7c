"""What experiments are judged by, from the warehouse's own SQL.

The formulas against scipy, published cases, statsmodels and tea-tasting on random data; then thousands
of made-up experiments, to see whether intervals cover and alarms keep their rates.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
import tea_tasting
from experiments import STARTED, Bench, arm, arms_of
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

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
    [(9.0, 2e-6, 2e-5), (20.0, 3e-8, 6e-8), (50.5, 1e-9, 2e-8), (100.0, 1e-10, 3e-9)],
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
    """tea-tasting's example of users, seed 42: its published figures."""
    users = tea_tasting.make_users_data(seed=42, covariates=True, return_type="pandas")
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
    assert split.split_p_value == pytest.approx(0.477, abs=5e-4)
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
    units = pd.concat([part.drop(columns="converted") for arms in samples.values() for part in arms])
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
    units = pd.concat([part.drop(columns="converted") for arms in samples.values() for part in arms])
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
        for metric in ("order_within_14_days", "order_within_30_days", "unsubscribe_within_14_days"):
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
