"""Product affinities against their definitions, counted basket by basket on random companies."""

import json
import random
from fractions import Fraction
from typing import NamedTuple

import duckdb
import pytest
from warehouse import run_dbt

MAX_PRODUCTS = 8
MIN_SUPPORT = Fraction(1, 20)
DIGITS = 6


class Line(NamedTuple):
    """A line of an order, as fct_order_items has it."""

    order_id: str
    product_id: str
    is_product: bool
    is_valid_order: bool


Rule = tuple[Fraction | None, ...]


@pytest.fixture(scope="module")
def query(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The model as SQL, on a database called `company`."""
    database = tmp_path_factory.mktemp("affinities") / "company.duckdb"
    variables = {
        "affinity_max_products": MAX_PRODUCTS,
        "affinity_min_support": float(MIN_SUPPORT),
    }
    run_dbt("compile --select kpi_product_affinities", database, variables=variables)
    results = json.loads((database.with_suffix(".target") / "run_results.json").read_text("utf-8"))
    return str(results["results"][0]["compiled_code"])


def company(seed: int) -> list[Line]:
    """Up to sixty orders over twelve products; some go together, some lines do not count."""
    draw = random.Random(seed)
    lines = []
    for number in range(draw.randint(1, 60)):
        is_valid = draw.random() < 0.9
        kinds = draw.choices(range(12), weights=range(12, 0, -1), k=draw.randint(1, 6))
        if kinds[0] == 3:
            kinds.append(4)
        for kind in kinds:
            # The last product is postage.
            lines.append(Line(f"O{number}", f"P{kind:02}", kind < 11, is_valid))
    return lines


def expected(lines: list[Line]) -> dict[tuple[str, str], Rule]:
    """Support, confidence, lift, leverage, conviction and Zhang's metric of every kept pair."""
    baskets: dict[str, set[str]] = {}
    for line in lines:
        if line.is_product and line.is_valid_order:
            baskets.setdefault(line.order_id, set()).add(line.product_id)

    def share(*products: str) -> Fraction:
        held = sum(set(products) <= basket for basket in baskets.values())
        return Fraction(held, len(baskets))

    bought = {product for basket in baskets.values() for product in basket}
    popular = sorted(bought, key=lambda product: (-share(product), product))[:MAX_PRODUCTS]
    rules: dict[tuple[str, str], Rule] = {}
    for one in popular:
        for other in popular:
            both = share(one, other)
            if one == other or both < MIN_SUPPORT or both == 0:
                continue
            leverage = both - share(one) * share(other)
            confidence = both / share(one)
            bound = max(both * (1 - share(one)), share(one) * (share(other) - both))
            rules[one, other] = (
                both,
                confidence,
                confidence / share(other),
                leverage,
                None if confidence == 1 else (1 - share(other)) / (1 - confidence),
                leverage / bound if bound else Fraction(0),
            )
    return rules


@pytest.mark.parametrize("seed", range(20))
def test_affinities_are_what_the_baskets_say(query: str, seed: int) -> None:
    lines = company(seed)
    with duckdb.connect() as con:
        con.execute("attach ':memory:' as company")
        con.execute("create schema company.marts")
        con.execute(
            "create table company.marts.fct_order_items"
            " (order_id varchar, product_id varchar, is_product boolean, is_valid_order boolean)"
        )
        con.executemany("insert into company.marts.fct_order_items values (?, ?, ?, ?)", lines)
        rows = con.execute(
            "select product_id, with_product_id, support_rate, confidence_rate, lift, leverage,"
            f" conviction, zhang from ({query})"
        ).fetchall()
    found = {row[:2]: row[2:] for row in rows}
    wanted = expected(lines)
    assert len(rows) == len(found)
    assert found.keys() == wanted.keys()
    for pair, rule in wanted.items():
        for value, exact in zip(found[pair], rule, strict=True):
            assert (value is None) == (exact is None)
            assert exact is None or float(value) == pytest.approx(
                float(exact), abs=0.6 * 10**-DIGITS
            )
