"""Customer value against the truth that only a made-up company knows.

A fit of a cut-off says of every person how likely they are still there, how likely they stay
silent, and how many orders to expect. The generator knows who had left by then, everybody's pace
and everybody's chance to leave; what happened after the cut-off is in the warehouse.

The figures stand in docs/accuracy.md. LIFECYCLE_WRITE_DOCS=1 writes them there; otherwise they must
be the ones that stand there.
"""

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pytest
from accuracy import paragraph, stands, table
from conftest import MadeCompany

from lifecycle.fit import fit_bgnbd
from lifecycle.generator.population import DROPOUT, RATE_MEAN, RATE_SHAPE

HEADING = "## Customer value"
SECOND_DROPOUT = 1.2 / (1.2 + 8.0)  # mean chance to leave of those who came back
DAYS, SILENT_DAYS = 365, 90

# persons: those who are no double of another one, and what the generator knows of them.
# scored: of buyers of the cut-off what the fit said, what one would say who knows, and what was.
TRUTH = f"""
create temp table persons as
select
    'person:' || t.unit_id as customer_id,
    t.orders_per_day as pace,
    t.dropped_out_at,
    case
        when t.returned_at < a.as_of then {SECOND_DROPOUT}
        else t.dropout_probability
    end as chance,
    coalesce(
        case when t.returned_at < a.as_of then t.dropped_out_again_at else t.dropped_out_at end
        >= a.as_of, true
    ) as is_there
from truth as t
cross join then_intermediate.int_as_of as a
where
    t.customer_type = 'b2c' and t.merged_into is null
    and t.unit_id not in (select merged_into from truth where merged_into is not null);

create temp table later as
select
    m.customer_id,
    min(m.purchased_at) as first_at,
    count(distinct m.purchased_on) as orders,
    sum(m.net_amount)::double as value
from intermediate.int_purchase_moments as m
inner join then_intermediate.int_as_of as a on m.purchased_at >= a.as_of
group by m.customer_id;

create temp table scored as
select
    v.alive_probability::double as alive,
    p.is_there::int as is_there,
    v.no_order_within_{SILENT_DAYS}_days_probability::double as silent,
    case when p.is_there then exp(-p.pace * {SILENT_DAYS}) else 1 end as known_silent,
    coalesce(l.first_at >= a.as_of + interval {SILENT_DAYS} day, true)::int as was_silent,
    v.expected_orders_within_{DAYS}_days::double as orders,
    p.is_there::int * (1 - exp(-p.pace * p.chance * {DAYS})) / p.chance as known_orders,
    coalesce(l.orders, 0) as had_orders,
    v.expected_net_{DAYS}_days_amount::double as value,
    coalesce(l.value, 0) as had_value,
    v.repeat_purchase_days = 0 as bought_once
from then_marts.customer_value as v
inner join persons as p using (customer_id)
cross join then_intermediate.int_as_of as a
left join later as l using (customer_id);
"""
# Equal figures share a tenth, so that one may be missing.
TENTHS = """
select 1 + (10 * (place - 1)) // (select count(*) from scored) as tenth, count(*), {columns}
from (select *, rank() over (order by {by} desc) as place from scored)
group by tenth order by tenth
"""
# x, t_x and T of persons as the model takes them to be: gone for good, and not at the first order.
AS_ASSUMED = """
select
    count(distinct m.purchased_on) - 1 as x,
    date_diff('day', min(m.purchased_on), max(m.purchased_on)) as t_x,
    date_diff('day', min(m.purchased_on), max(a.as_of_on)) as t
from intermediate.int_purchase_moments as m
inner join persons as p using (customer_id)
cross join then_intermediate.int_as_of as a
where m.purchased_at < a.as_of and (p.dropped_out_at is null or m.purchased_at <= p.dropped_out_at)
group by m.customer_id
having min(m.purchased_at) < max(coalesce(p.dropped_out_at, a.as_of))
"""
Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def company(made_company: MadeCompany) -> Iterator[duckdb.DuckDBPyConnection]:
    """The made-up company with its truth."""
    with made_company.opened(TRUTH) as con:
        yield con


@pytest.fixture(scope="module")
def totals(company: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Means and sums over all persons."""
    found = company.execute("""
        select
            count(*) as persons,
            avg(alive) as alive, avg(is_there) as is_there,
            avg(silent) as silent, avg(known_silent) as known_silent, avg(was_silent) as was_silent,
            sum(orders) as orders, sum(known_orders) as known_orders, sum(had_orders) as had_orders,
            sum(value) as value, sum(had_value) as had_value,
            count(*) filter (bought_once) as once,
            avg(is_there) filter (bought_once) as once_there
        from scored
    """)
    return dict(zip([c[0] for c in found.description], found.fetchall()[0], strict=True))


@pytest.fixture(scope="module")
def by_orders(company: duckdb.DuckDBPyConnection) -> Rows:
    """Tenths by the orders expected: persons, orders said, known, had, value said, had."""
    columns = "avg(orders), avg(known_orders), avg(had_orders), avg(value), avg(had_value)"
    return company.execute(TENTHS.format(by="orders", columns=columns)).fetchall()


@pytest.fixture(scope="module")
def by_silence(company: duckdb.DuckDBPyConnection) -> Rows:
    """Tenths by the chance of silence: persons, said, known, had."""
    columns = "avg(silent), avg(known_silent), avg(was_silent)"
    return company.execute(TENTHS.format(by="silent", columns=columns)).fetchall()


@pytest.fixture(scope="module")
def by_alive(company: duckdb.DuckDBPyConnection) -> Rows:
    """Tenths by the chance to be there: persons, said, known."""
    columns = "avg(alive), avg(is_there)"
    return company.execute(TENTHS.format(by="alive", columns=columns)).fetchall()


@pytest.fixture(scope="module")
def fits(company: duckdb.DuckDBPyConnection) -> list[dict[str, float]]:
    """The shop's fit, and one of persons as the model takes them to be."""
    found = company.execute(
        "select parameter, value::double from raw.fitted_parameters"
        " where customer_type = 'b2c' and parameter like 'bgnbd_%'"
    ).fetchall()
    shop = {name.removeprefix("bgnbd_").removesuffix("_days"): value for name, value in found}
    x, t_x, t = company.execute(AS_ASSUMED).fetchnumpy().values()
    return [shop, fit_bgnbd(x, t_x, t, np.ones(len(x)))]


def test_who_is_expected_to_order_more_does(by_orders: Rows) -> None:
    """The order of the tenths is right, of orders and of value; the first brings most."""
    had_orders, had_value = [row[4] for row in by_orders], [row[6] for row in by_orders]
    assert had_orders == sorted(had_orders, reverse=True)
    assert had_value == sorted(had_value, reverse=True)
    assert had_orders[0] > 2.5 * sum(had_orders) / len(had_orders)


def test_chance_of_silence_ranks_and_is_not_far_off(by_silence: Rows) -> None:
    for _, persons, said, known, had in by_silence:
        assert persons > 150
        assert abs(said - had) < 0.2
        assert abs(known - had) < 0.15
    assert by_silence[0][4] > 0.8 > 0.2 > by_silence[-1][4]


def test_who_returns_makes_the_model_hopeful(totals: dict[str, float], by_orders: Rows) -> None:
    """What it says is too much in all, by less than a third; of the last tenth it is too little."""
    assert 1.05 < totals["orders"] / totals["had_orders"] < 1.33
    assert 1.05 < totals["value"] / totals["had_value"] < 1.33
    assert totals["alive"] > totals["is_there"] + 0.05
    assert by_orders[-1][2] < by_orders[-1][4] / 3
    # One who knows is right: what remains is chance, returns and campaigns.
    assert totals["known_orders"] == pytest.approx(totals["had_orders"], rel=0.1)
    assert totals["known_silent"] == pytest.approx(totals["was_silent"], abs=0.02)


def test_one_purchase_says_nothing_about_leaving(totals: dict[str, float]) -> None:
    """Pitfall 2: of those who bought once the model says 1, and a third is gone."""
    assert totals["once"] > 150
    assert totals["once_there"] < 0.8


def test_fit_finds_the_generator_where_its_assumptions_hold(fits: list[dict[str, float]]) -> None:
    """Orders until they first leave, of those who do not leave at once: the truth is found."""
    shop, assumed = fits
    assert assumed["r"] == pytest.approx(RATE_SHAPE["b2c"], rel=0.1)
    assert assumed["r"] / assumed["alpha"] == pytest.approx(RATE_MEAN["b2c"], rel=0.05)
    a, b = DROPOUT["b2c"]
    # Who stays after the first order is less likely to leave: Beta(a, b + 1).
    chance = assumed["a"] / (assumed["a"] + assumed["b"])
    assert chance == pytest.approx(a / (a + b + 1), rel=0.2)
    assert shop["a"] / (shop["a"] + shop["b"]) < 0.7 * chance


def test_the_figures_stand_in_the_documents(
    totals: dict[str, float],
    by_orders: Rows,
    by_silence: Rows,
    by_alive: Rows,
    fits: list[dict[str, float]],
    made_company: MadeCompany,
) -> None:
    t = totals
    a, b = DROPOUT["b2c"]
    truth = {"r": RATE_SHAPE["b2c"], "alpha": RATE_SHAPE["b2c"] / RATE_MEAN["b2c"], "a": a, "b": b}
    shop, assumed = fits
    stands(
        HEADING,
        paragraph(f"""
            The same company as of {made_company.cut_off}, by a fit of that day: what it said of the
            {t["persons"]} persons who had bought by then, and what they did in the {DAYS} days
            after. *Known* is what somebody would say who knows everybody's pace and chance to
            leave, and who has left, but not the future: no model can be better but by chance."""),
        table(
            "all persons | said | known | happened",
            [
                ["orders", f"{t['orders']:.0f}", f"{t['known_orders']:.0f}", f"{t['had_orders']}"],
                ["value, EUR", f"{t['value']:.0f}", "", f"{t['had_value']:.0f}"],
                [
                    f"no order within {SILENT_DAYS} days",
                    *(f"{t[name]:.1%}" for name in ("silent", "known_silent", "was_silent")),
                ],
                ["still there", f"{t['alive']:.1%}", f"{t['is_there']:.1%}", ""],
            ],
        ),
        "Tenths by the orders expected, per person:",
        table(
            "tenth | persons | orders said | known | happened | value said | happened",
            [
                [
                    *(f"{x}" for x in row[:2]),
                    *(f"{x:.1f}" for x in row[2:5]),
                    *(f"{x:.0f}" for x in row[5:]),
                ]
                for row in by_orders
            ],
        ),
        f"Tenths by the probability of no order within {SILENT_DAYS} days:",
        table(
            "tenth | persons | said | known | happened",
            [[f"{row[0]}", f"{row[1]}", *(f"{x:.0%}" for x in row[2:])] for row in by_silence],
        ),
        paragraph(f"""
            Tenths by the probability to be still there (`alive_probability`); equal ones share a
            tenth, as the {t["once"]} who had bought on one day alone do in the first:"""),
        table(
            "tenth | persons | said | known",
            [[f"{row[0]}", f"{row[1]}", *(f"{x:.0%}" for x in row[2:])] for row in by_alive],
        ),
        paragraph(f"""
            Where this is wrong, and why: it says {t["orders"] / t["had_orders"] - 1:.0%} more
            orders and {t["value"] / t["had_value"] - 1:.0%} more value than there were, takes
            silence for rarer than it is, and {t["alive"] - t["is_there"]:.0%} of the persons for
            there who have left: those who bought once, and those it is not sure of. Who is ranked
            before whom is right: the first tenth had
            {by_orders[0][4] * by_orders[0][1] / t["had_orders"]:.0%} of the orders."""),
        paragraph("""
            BG/NBD takes leaving to be for good, and nobody to leave at the first order. Here some
            return, campaigns and offers bring orders of persons who have left, and some do leave at
            once. So long gaps look like patience: the fit finds half the chance to leave there is,
            and too slow a pace. Fitted to the orders before a person first left, of those who did
            not leave at once, the same function finds the parameters that the company was made
            with:"""),
        table(
            "parameter | the shop's fit | as the model assumes | the company was made with",
            [
                [name, *(f"{figure(fit):.{digits}f}" for fit in (shop, assumed, truth))]
                for name, digits, figure in [
                    ("r", 2, lambda fit: fit["r"]),
                    ("orders a day, r ÷ alpha", 4, lambda fit: fit["r"] / fit["alpha"]),
                    ("a", 2, lambda fit: fit["a"]),
                    ("b", 1, lambda fit: fit["b"]),
                    (
                        "chance to leave, a ÷ (a + b)",
                        3,
                        lambda fit: fit["a"] / (fit["a"] + fit["b"]),
                    ),
                ]
            ],
        ),
        paragraph(f"""
            Who stayed after the first order leaves less easily than all: {a / (a + b + 1):.3f}.
            Of those who bought once the probability to be there is 1 by definition; of these
            {t["once_there"]:.0%} were. Read `no_order_within_{SILENT_DAYS}_days_probability`.
            The last tenth returns more often than the model can think. Where returns are common, or
            campaigns many, expect the totals to be too high; the ranking holds."""),
    )
