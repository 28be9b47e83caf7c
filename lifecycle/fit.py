"""Fit the models behind customer value: BG/NBD for how often, Gamma-Gamma for how much.

SQL groups what customers did (macros/rules/value.sql), this module finds the parameters of the
largest likelihood, and the macro `fit` appends them to the raw table `fitted_parameters`.
Formulas: Fader, Hardie and Lee, "Counting Your Customers" the Easy Way (2005); Fader and Hardie,
The Gamma-Gamma Model of Monetary Value (2013).
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Fit = dict[str, float]
# A loss and its slopes at a place.
Loss = Callable[[Any], tuple[float, Any]]

# Parameters are searched as logarithms within this distance of 1: from 6e-6 to 160,000.
BOUND = 12.0
# A shape beyond this says that customers do not differ, or that the input is not what it should be.
LARGEST_SHAPE = 1000.0
# The longest time observed is this long while the search runs, so that its unit does not matter.
SCALED_TIME = 10.0
# So many groups of customers say where to look.
FEW = 10_000


def estimate(
    project: Path,
    target: str | None,
    variables: dict[str, Any],
    cut_off: str | None = None,
    say: Callable[[str], None] = print,
    of_sample: bool = False,
) -> tuple[str, list[dict[str, Any]]] | None:
    """The cut-off, and the parameters of every customer type as rows for the macro `fit`.

    None when dbt could not say what to group; why is said. Raises UserError without a database.
    """
    from lifecycle.connection import cursor, duckdb_file

    inputs = grouping(project, target, variables, cut_off, say, of_sample)
    if inputs is None:
        return None
    with cursor(project, target, duckdb_file(project, target)) as run:
        orders = by_customer_type(run(inputs["orders"]))
        values = by_customer_type(run(inputs["values"]))
    return inputs["cut_off"], parameter_rows(orders, values)


def grouping(
    project: Path,
    target: str | None,
    variables: dict[str, Any],
    cut_off: str | None = None,
    say: Callable[[str], None] = print,
    of_sample: bool = False,
) -> dict[str, str] | None:
    """The queries `orders` and `values` that group customers, and the `cut_off` they hold to.

    None when dbt could not say them; why is said. Raises UserError without a database.
    """
    from lifecycle.build import run_dbt

    said: list[str] = []
    arguments = json.dumps({"cut_off": cut_off, "of_sample": of_sample})
    command = ["run-operation", "fit_inputs", "--args", arguments]
    if not run_dbt(command, project, variables, target, said.append, is_quiet=True):
        say("\n".join(said))
        return None
    return json.loads(said[-1])


def by_customer_type(rows: list[tuple[Any, ...]]) -> dict[str, list[tuple[Any, ...]]]:
    """Rows without their first column, by it: columns as tuples."""
    from itertools import groupby

    return {
        kind: list(zip(*(row[1:] for row in group), strict=True))
        for kind, group in groupby(rows, key=lambda row: row[0])
    }


def parameter_rows(
    orders: dict[str, list[tuple[Any, ...]]], values: dict[str, list[tuple[Any, ...]]]
) -> list[dict[str, Any]]:
    """Fit every customer type; one row per figure, its sample size the customers who repeated.

    `orders` holds x, t_x, T and count per customer type, `values` x, amount and count.
    """
    rows = []
    for kind, (x, t_x, t, count) in sorted(orders.items()):
        customers, repeated = sum(count), sum(n for n, times in zip(count, x, strict=True) if times)
        found = fit_bgnbd(x, t_x, t, count)
        found["alpha_days"] = found.pop("alpha")
        rows += figures("bgnbd", kind, found, repeated, f"{customers} buyers, time in days")
        if kind in values:
            found = fit_gamma_gamma(*values[kind])
            sample = sum(values[kind][-1])
            rows += figures("gamma_gamma", kind, found, sample, "buyers with a valued repeat")
    return rows


def figures(model: str, kind: str, found: Fit, sample_size: int, said: str) -> list[dict[str, Any]]:
    """What a fit found as rows for the macro `fit`, without what it could not find."""
    state = ", degenerate" if found["is_degenerate"] else ""
    return [
        {
            "parameter": f"{model}_{name}",
            "customer_type": kind,
            "value": f"{value:.12f}",
            "sample_size": int(sample_size),
            "diagnostics": f"{said}{state}",
        }
        for name, value in found.items()
        if value == value
    ]


def fit_bgnbd(x: Any, t_x: Any, t: Any, count: Any) -> Fit:
    """The BG/NBD parameters of the largest likelihood.

    Arrays of one length, one element per group of equal customers: `x` repeat purchase days, `t_x`
    days from the first to the last, `t` days from the first to the end, `count` customers. Gives
    r, alpha (in days), a, b, log_likelihood (of times in days) and is_degenerate (1 or 0). Raises
    ValueError for statistics that no customer can have.
    """
    import numpy as np

    x, t_x, t, count = (np.asarray(values, dtype=float) for values in (x, t_x, t, count))
    if x.size == 0 or count.min() <= 0 or x.min() < 0:
        raise ValueError("there has to be a customer, and no count is negative")
    if (t_x > t).any() or ((x == 0) != (t_x == 0)).any():
        raise ValueError("the last purchase lies within the time, and after the first if repeated")
    scale = max(t.max(), 1.0) / SCALED_TIME
    groups = (x, t_x / scale, t / scale, count)
    logs, smallest, is_degenerate = search_in_few_then_all(bgnbd_loss, groups, 4)
    r, alpha, a, b = (float(value) for value in np.exp(logs))
    return {
        "r": r,
        "alpha": float(alpha * scale),
        "a": a,
        "b": b,
        # A density per unit of time: in days again.
        "log_likelihood": float(-smallest * count.sum() - (count @ x) * np.log(scale)),
        "is_degenerate": float(is_degenerate or not (x > 0).any() or max(r, a, b) > LARGEST_SHAPE),
    }


def bgnbd_loss(x: Any, t_x: Any, t: Any, count: Any) -> Loss:
    """What `fit_bgnbd` minimises, of the logarithms of r, alpha, a and b."""
    import numpy as np
    from scipy.special import digamma, gammaln

    # Days are few: what depends on one of them alone is computed for each of them once.
    times, group = np.unique(x, return_inverse=True)
    ends, at_end = np.unique(t, return_inverse=True)
    lasts, at_last = np.unique(t_x, return_inverse=True)
    repeated = x > 0
    customers = np.bincount(group, weights=count)
    once = np.bincount(at_end[~repeated], weights=count[~repeated], minlength=ends.size)
    more, more_times = count[repeated], x[repeated]
    at_end, at_last, at_times = at_end[repeated], at_last[repeated], group[repeated]
    # Whoever bought once has not left: a place that nobody stands at.
    often = np.maximum(times, 1.0)

    def loss(logs: Any) -> tuple[float, Any]:
        r, alpha, a, b = np.exp(logs)
        log_ends = np.log(alpha + ends)
        log_end, log_last = log_ends[at_end], np.log(alpha + lasts)[at_last]
        before = b + often - 1
        shape = r + more_times
        # Who ordered again is still there, or left right after the last order.
        stayed = -shape * log_end
        lead = np.log(a / before)[at_times] - shape * log_last - stayed
        # One exponential for the share who left and for the logarithm of both together.
        smaller = np.exp(-np.abs(lead))
        left = more * np.where(lead > 0, 1.0, smaller) / (1 + smaller)
        stay = more - left
        value = (
            customers
            @ (
                gammaln(r + times)
                - gammaln(r)
                + r * np.log(alpha)
                + gammaln(a + b)
                + gammaln(b + times)
                - gammaln(b)
                - gammaln(a + b + times)
            )
            - once @ (r * log_ends)
            + more @ (stayed + np.maximum(lead, 0) + np.log1p(smaller))
        )
        slope_r = customers @ (digamma(r + times) - digamma(r) + np.log(alpha))
        slope_r -= once @ log_ends + stay @ log_end + left @ log_last
        slope_alpha = customers.sum() * r / alpha - once @ (r / (alpha + ends))
        slope_alpha -= stay @ (shape * (1 / (alpha + ends))[at_end])
        slope_alpha -= left @ (shape * (1 / (alpha + lasts))[at_last])
        slope_a = customers @ (digamma(a + b) - digamma(a + b + times)) + left.sum() / a
        slope_b = customers @ (
            digamma(a + b) + digamma(b + times) - digamma(b) - digamma(a + b + times)
        )
        slope_b -= left @ (1 / before)[at_times]
        slopes = np.array([slope_r * r, slope_alpha * alpha, slope_a * a, slope_b * b])
        return -value / count.sum(), -slopes / count.sum()

    return loss


def fit_gamma_gamma(x: Any, amount: Any, count: Any) -> Fit:
    """The Gamma-Gamma parameters of the largest likelihood, q above 1 so that a mean exists.

    Arrays of one length, one element per group of equal customers: `x` repeat purchase days with a
    value, `amount` their value in all, `count` customers. Gives p, q, v, log_likelihood,
    correlation (of x with the mean value of a day, NULL as nan where one of them does not vary;
    the model takes it for 0) and is_degenerate (1 or 0). Raises ValueError unless x and amount are
    above 0.
    """
    import numpy as np

    x, amount, count = (np.asarray(values, dtype=float) for values in (x, amount, count))
    if x.size == 0 or count.min() <= 0 or x.min() <= 0 or amount.min() <= 0:
        raise ValueError("only customers with repeat purchases worth something can be fitted")
    mean = amount / x
    scale = float(count @ mean / count.sum())
    groups = (x, amount / scale, count)
    logs, smallest, is_degenerate = search_in_few_then_all(gamma_gamma_loss, groups, 3)
    p, above_one, v = (float(value) for value in np.exp(logs))
    return {
        "p": p,
        "q": 1 + above_one,
        "v": v * scale,
        "log_likelihood": float(-smallest * count.sum() - count.sum() * np.log(scale)),
        "correlation": correlation(x, mean, count),
        "is_degenerate": float(is_degenerate or max(p, above_one) > LARGEST_SHAPE),
    }


def gamma_gamma_loss(x: Any, scaled: Any, count: Any) -> Loss:
    """What `fit_gamma_gamma` minimises, of the logarithms of p, q - 1 and v."""
    import numpy as np
    from scipy.special import digamma, gammaln

    log_mean = np.log(scaled / x)
    times, group = np.unique(x, return_inverse=True)
    customers = np.bincount(group, weights=count)

    def loss(logs: Any) -> tuple[float, Any]:
        p, above_one, v = np.exp(logs)
        q = 1 + above_one
        log_sum = np.log(scaled + v)
        value = customers @ (
            gammaln(p * times + q)
            - gammaln(p * times)
            - gammaln(q)
            + q * np.log(v)
            + p * times * np.log(times)
        )
        value += count @ ((p * x - 1) * log_mean - (p * x + q) * log_sum)
        slope_p = customers @ (
            times * (digamma(p * times + q) - digamma(p * times) + np.log(times))
        )
        slope_p += count @ (x * (log_mean - log_sum))
        slope_q = customers @ (digamma(p * times + q) - digamma(q) + np.log(v)) - count @ log_sum
        slope_v = customers.sum() * q / v - count @ ((p * x + q) / (scaled + v))
        slopes = np.array([slope_p * p, slope_q * above_one, slope_v * v])
        return -value / count.sum(), -slopes / count.sum()

    return loss


def search_in_few_then_all(
    loss_of: Callable[..., Loss], groups: Sequence[Any], unknowns: int
) -> tuple[Any, float, bool]:
    """The minimum of the loss of all groups, as `search` gives it.

    That of a few thousand groups lies so near that a few steps lead from there to that of all.
    """
    loss, step = loss_of(*groups), len(groups[0]) // FEW
    if step > 1:
        near, _, is_degenerate = search(loss_of(*(each[::step] for each in groups)), unknowns)
        if not is_degenerate:
            place, smallest, steepest = where_it_is_flat(loss, near)
            if steepest < 1e-9 and abs(place - near).max() < 1 and smallest <= loss(near)[0]:
                return place, smallest, False
    return search(loss, unknowns)


def search(loss: Loss, unknowns: int) -> tuple[Any, float, bool]:
    """The place and value of a loss's minimum, and whether it lies at a bound or was not found."""
    import numpy as np
    from scipy.optimize import minimize

    found = minimize(
        loss,
        np.zeros(unknowns),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-BOUND, BOUND)] * unknowns,
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 1000, "maxcor": 20},
    )
    place, smallest, steepest = found.x, float(found.fun), float(np.abs(found.jac).max())
    at_bound = bool((np.abs(place) > BOUND - 0.01).any())
    if not at_bound:
        # A likelihood is flat at its top: where the slopes are zero says more digits of the place.
        top, at_top, top_slope = where_it_is_flat(loss, place)
        if np.abs(top - place).max() < 0.1 and top_slope <= steepest:
            place, smallest, steepest = top, at_top, top_slope
    return place, smallest, at_bound or steepest > 1e-4


def where_it_is_flat(loss: Loss, near: Any) -> tuple[Any, float, float]:
    """A place near another where a loss has no slope, its value and largest slope there."""
    import numpy as np
    from scipy.optimize import root

    found = root(lambda logs: loss(np.clip(logs, -BOUND, BOUND))[1], near, tol=1e-13)
    place = np.clip(found.x, -BOUND, BOUND)
    value, slopes = loss(place)
    return place, float(value), float(np.abs(slopes).max())


def correlation(first: Any, second: Any, count: Any) -> float:
    """Pearson's correlation of two arrays whose elements count several times; nan without any."""
    import numpy as np

    one = first - np.average(first, weights=count)
    two = second - np.average(second, weights=count)
    spread = np.sqrt((count @ one**2) * (count @ two**2))
    return float(count @ (one * two) / spread) if spread > 0 else float("nan")
