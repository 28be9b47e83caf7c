"""What a hold-out says a campaign added, against the truth that only a made-up company knows.

The generator contacts half of those it could, drawn by chance, adds an order to some of them, and
tells nobody whom it left out. Here it does: the other half becomes the hold-out of an experiment
of that campaign, and the warehouse says what the campaign added.

The figures stand in docs/campaigns.md. LIFECYCLE_WRITE_DOCS=1 writes them there; otherwise they
must be the ones that stand there.
"""

import os
from collections.abc import Iterator
from math import sqrt
from textwrap import fill
from typing import NamedTuple

import duckdb
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep
from warehouse import PROJECT, run_dbt

from lifecycle.generate import generate
from lifecycle.generator import schema

CUSTOMERS, DAYS, SEED = 8000, 730, 5
PAGE = PROJECT / "docs" / "campaigns.md"

# Whom the generator could have contacted: persons with an order, by the days since their last one;
# by e-mail only with consent. Everything is as of the campaign's start.
DRAW = """
create temp table before as
select
    c.campaign_id, c.objective, c.channel, c.starts_at, t.unit_id,
    count(*) as orders, max(o.ordered_at) as last_order_at
from raw.campaigns as c
inner join (select distinct order_id, ordered_at from raw.orders) as o on o.ordered_at < c.starts_at
inner join truth_orders as t on o.order_id = t.order_id and t.origin = 'organic'
inner join truth_customers as p on t.unit_id = p.unit_id and p.customer_type = 'b2c'
where c.objective <> 'acquisition'
group by all;

create temp table eligible as
select campaign_id, starts_at, unit_id
from before
where case objective
    when 'winback' then last_order_at < starts_at - interval 150 day
    when 'retention' then last_order_at >= starts_at - interval 180 day and orders >= 2
    else last_order_at >= starts_at - interval 120 day
end
and (channel <> 'email' or coalesce((
    select arg_max(is_granted, recorded_at) from raw.consents
    where customer_id = unit_id and consents.channel = 'email' and recorded_at <= starts_at
), false));

create temp table contacted as
select campaign_id, customer_id as unit_id, occurred_at
from raw.interactions where interaction_type in ('email_sent', 'direct_mail_sent');

insert into raw.experiments by name
select
    'H-' || campaign_id as experiment_id, campaign_id, 'holdout' as control_variant,
    starts_at, ends_at, starts_at as _loaded_at
from raw.campaigns where objective <> 'acquisition';

insert into raw.experiment_variants by name
select 'H-' || campaign_id as experiment_id, variant, 0.5 as expected_share, starts_at as _loaded_at
from raw.campaigns, (values ('contacted'), ('holdout')) as arms (variant)
where objective <> 'acquisition';

insert into raw.experiment_assignments by name
select
    'H-' || campaign_id as experiment_id, unit_id as customer_id,
    if(occurred_at is null, 'holdout', 'contacted') as variant,
    coalesce(occurred_at, starts_at + interval 9 hour) as assigned_at, assigned_at as _loaded_at
from eligible
left join contacted using (campaign_id, unit_id);
"""
FOUND = """
select
    c.objective || ' by ' || replace(c.channel, '_', ' ') as kind,
    c.contacted_customers,
    c.holdout_treated_customers as treated,
    c.holdout_withheld_customers as withheld,
    c.holdout_treated_converted_customers as treated_converted,
    c.holdout_withheld_converted_customers as withheld_converted,
    c.conversion_rate::double as naive,
    c.holdout_withheld_conversion_rate::double as base,
    c.holdout_conversion_difference::double as added,
    c.holdout_conversion_difference_low::double as low,
    c.holdout_conversion_difference_high::double as high,
    t.true_effect * (1 - c.holdout_withheld_conversion_rate::double) as truth
from marts.kpi_campaigns as c
inner join truth_campaigns as t using (campaign_id)
where c.holdout_conversion_difference is not null and c.holdout_withheld_customers >= 50
order by kind, campaign_id
"""


class Found(NamedTuple):
    """A campaign: how many, shares that ordered, what the hold-out says was added, the truth."""

    kind: str
    contacted: int
    treated: int
    withheld: int
    treated_converted: int
    withheld_converted: int
    naive: float
    base: float
    added: float
    low: float
    high: float
    truth: float


class Pooled(NamedTuple):
    """Campaigns of a kind, weighed by their precision; error is that of `added`."""

    campaigns: int
    contacted: int
    naive: float
    base: float
    added: float
    truth: float
    error: float


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A made-up company with a hold-out of every campaign, built as far as its campaigns."""
    folder = tmp_path_factory.mktemp("truth")
    made = folder / "files"
    generate(CUSTOMERS, DAYS, SEED, made, fmt="parquet")
    database = folder / "company.duckdb"
    truth = "create temp table truth_{0} as from '{1}/truth_{0}.parquet'"
    with duckdb.connect(str(database)) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute("create schema raw")
        for table in schema.RAW_SCHEMAS:
            con.execute(f"create table raw.{table} as from '{made / table}.parquet'")
        for table in ("customers", "orders", "campaigns"):
            con.execute(truth.format(table, made))
        con.execute("delete from raw.experiments")
        for statement in DRAW.split(";"):
            if statement.strip():
                con.execute(statement)
        left_out = "select count(*) from contacted anti join eligible using (campaign_id, unit_id)"
        assert con.execute(left_out).fetchall() == [(0,)], "whom it contacted it could contact"
    chosen = {"use_sample": False}
    run_dbt("seed", database, variables=chosen)
    run_dbt("run --select +kpi_campaigns", database, variables=chosen)
    with duckdb.connect(str(database), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(truth.format("campaigns", made))
        yield con


@pytest.fixture(scope="module")
def campaigns(company: duckdb.DuckDBPyConnection) -> list[Found]:
    """The campaigns with at least 50 customers in the hold-out."""
    return [Found(*row) for row in company.execute(FOUND).fetchall()]


def pooled(campaigns: list[Found]) -> Pooled:
    """Of several campaigns one figure each, weighed by the inverse variance of the difference."""
    weights = [
        1 / (f.naive * (1 - f.naive) / f.treated + f.base * (1 - f.base) / f.withheld)
        for f in campaigns
    ]

    def mean(name: str) -> float:
        values = [getattr(found, name) for found in campaigns]
        return sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)

    return Pooled(
        len(campaigns),
        sum(found.contacted for found in campaigns),
        *(mean(name) for name in ("naive", "base", "added", "truth")),
        sqrt(1 / sum(weights)),
    )


@pytest.fixture(scope="module")
def kinds(campaigns: list[Found]) -> dict[str, Pooled]:
    """By objective and channel, and all of them."""
    names = sorted({found.kind for found in campaigns})
    by_kind = {name: pooled([f for f in campaigns if f.kind == name]) for name in names}
    return by_kind | {"all": pooled(campaigns)}


def test_a_holdout_finds_the_truth(campaigns: list[Found], kinds: dict[str, Pooled]) -> None:
    assert len(campaigns) > 20
    everything = kinds["all"]
    assert abs(everything.added - everything.truth) < 2.5 * everything.error
    covered = sum(found.low <= found.truth <= found.high for found in campaigns)
    assert covered / len(campaigns) > 0.85


def newcombe(*arms: int) -> tuple[float, float]:
    """The oracle: the interval of a difference, from successes and number of either arm."""
    return confint_proportions_2indep(*arms, method="newcomb", compare="diff")


def test_intervals_are_newcombes(campaigns: list[Found]) -> None:
    """Newcombe (1998), Statistics in Medicine 17, example (a): 56 of 70 against 48 of 80."""
    assert [round(end, 4) for end in newcombe(56, 70, 48, 80)] == [0.0524, 0.3339]
    for found in campaigns:
        ends = newcombe(
            found.treated_converted, found.treated, found.withheld_converted, found.withheld
        )
        assert (found.low, found.high) == pytest.approx(ends, abs=2e-6)


def test_conversion_of_the_contacted_overstates(kinds: dict[str, Pooled]) -> None:
    for name, found in kinds.items():
        assert found.naive > 1.5 * found.truth, name


def page(campaigns: list[Found], kinds: dict[str, Pooled]) -> str:
    """docs/campaigns.md."""
    rows = [
        f"| {name} | {k.campaigns} | {k.contacted} | {k.naive:.1%} | {k.base:.1%} | {k.added:.1%}"
        f" ± {1.96 * k.error:.1%} | {k.truth:.1%} | {1 - k.truth / k.naive:.0%} |"
        for name, k in kinds.items()
    ]
    covered = sum(found.low <= found.truth <= found.high for found in campaigns)
    clear = sum(found.low > 0 for found in campaigns)
    everything = kinds["all"]
    paragraphs = [
        """`kpi_campaigns` has three answers to what a campaign brought. `conversion_rate`: who of
        the contacted ordered within `campaign_window_days`. `orders` and `net_amount`: orders that
        name the campaign or carry its coupon, each once. `holdout_conversion_difference`: what the
        contacted ordered more than those whom chance left out. Only the last is what it added.""",
        f"""A made-up company of {CUSTOMERS} customers and {DAYS} days (seed {SEED}) contacts half
        of those it could, drawn by chance, and adds an order to some. The generator knows to how
        many; the other half is given to the warehouse as a hold-out. Campaigns with fewer than 50
        customers in it are left out.""",
        f"""Converted and withheld are the shares with an order in the window, added is the
        difference with its 95 % interval, truth the probability that a contact adds an order, times
        the share that would not have ordered anyway: an order added to a buyer makes no second
        buyer. The intervals of {covered} of {len(campaigns)} campaigns hold their truth; {clear}
        are wholly above 0. Campaigns of a kind are weighed by their precision.""",
        f"""Why the conversion of the contacted overstates: they were chosen because they buy.
        {everything.base:.1%} of the withheld ordered in the same days without a word from the
        campaign, so that {1 - everything.truth / everything.naive:.0%} of the conversions would
        have come anyway. The better the choice of whom to contact, the worse this gets: win-back
        mails to the silent look poor beside newsletters to the loyal, and add as much or more.""",
        """Orders that name the campaign overstate too, in a way no made-up company shows: its
        coupons are used by those alone who would not have come. Real ones are used by regular
        customers as well.""",
        """Where this is wrong: most single campaigns of a small company cannot be told from none,
        because the interval is wider than what they add. Pool campaigns of a kind, or hold out
        more. A hold-out that the campaign contacts all the same
        (`holdout_contacted_withheld_customers`) makes the difference too small. What a campaign
        shifts in time, orders now instead of later, is counted as added.""",
    ]
    texts = [fill(" ".join(text.split()), 100) for text in paragraphs]
    names = "campaigns,number,contacted,converted,withheld,added,truth,would have come"
    head = "| " + " | ".join(names.split(",")) + " |"
    table = "\n".join([head, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |", *rows])
    return "\n\n".join(["# Campaigns", *texts[:2], table, *texts[2:]]) + "\n"


def test_the_figures_stand_in_the_documents(
    campaigns: list[Found], kinds: dict[str, Pooled]
) -> None:
    text = page(campaigns, kinds)
    if os.environ.get("LIFECYCLE_WRITE_DOCS") == "1":
        PAGE.write_text(text, "utf-8")
    else:
        assert PAGE.read_text("utf-8").split() == text.split()
