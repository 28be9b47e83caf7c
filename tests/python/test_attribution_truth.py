"""Attribution against the truth that only a made-up company knows.

It knows by which channel a person came, and which orders a campaign has caused. The models see
touches alone: how much of what they say is so?

The figures stand in docs/attribution.md. LIFECYCLE_WRITE_DOCS=1 writes them there; otherwise they
must be the ones that stand there.
"""

import os
import re
from collections.abc import Iterator
from textwrap import fill
from typing import NamedTuple

import duckdb
import pytest
from warehouse import PROJECT, compiled_models, rebuild, run_dbt

from lifecycle.generate import generate
from lifecycle.generator import schema

CUSTOMERS, DAYS, SEED = 800, 1095, 3
PAGE = PROJECT / "docs" / "attribution.md"
HEADING = "## Against the truth"
MODELS = (
    "first_touch",
    "last_touch",
    "linear",
    "position_based",
    "time_decay",
    "shapley",
    "markov",
)
# Channels of accounts, which come by sales alone.
OF_ACCOUNTS = ("sales_team", "phone")

# came_by: the channel of a person, known of those who were asked.
# caused: the repeat purchases that a campaign has caused, by its channel.
TRUTH = """
create temp table came_by as
select contacts.customer_id, max(customers.acquisition_channel) as channel
from raw.customers
inner join intermediate.int_contacts as contacts on customers.customer_id = contacts.contact_id
where customers.acquisition_channel is not null and contacts.customer_id like 'person:%'
group by all;

create temp table caused as
select distinct campaigns.channel, moments.customer_id, moments.moment_number
from truth_orders as truth
inner join raw.campaigns on truth.cause_id = campaigns.campaign_id
inner join intermediate.int_orders as orders using (order_id)
inner join intermediate.int_purchase_moments as moments
    on orders.customer_id = moments.customer_id and orders.ordered_at = moments.purchased_at
where truth.origin = 'campaign' and orders.is_valid_order and moments.moment_number > 1;
"""


class Figures(NamedTuple):
    """What the models say of one company under one rule, and what is so."""

    people: int  # new customers whose channel is known
    misplaced: dict[str, float]  # share of them that a model gives to a wrong channel
    caused: dict[str, int]  # repeat purchases that campaigns have caused, by channel
    met: dict[str, int]  # repeat purchases with a touch of the channel on their path
    met_and_caused: dict[str, int]  # of these, the ones that its campaigns have caused
    credited: dict[str, dict[str, float]]  # repeat purchases by model and channel


@pytest.fixture(scope="module")
def company(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[duckdb.DuckDBPyConnection, list]]:
    """A made-up company without dirty rows, attributed, and the models that did it."""
    folder = tmp_path_factory.mktemp("truth")
    made = folder / "files"
    generate(CUSTOMERS, DAYS, SEED, made, fmt="parquet")
    database = folder / "company.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute("create schema raw")
        for table in schema.RAW_SCHEMAS:
            con.execute(f"create table raw.{table} as from '{made / table}.parquet'")
    chosen = {"use_sample": False}
    run_dbt("seed", database, variables=chosen)
    run_dbt("run --select +attribution_credits", database, variables=chosen)
    models = [model for model in compiled_models(database) if ".attribution_" in model[1]]
    with duckdb.connect(str(database)) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"create temp table truth_orders as from '{made / 'truth_orders.parquet'}'")
        con.execute(TRUTH)
        yield con, models


def shares(counts: dict[str, float]) -> dict[str, float]:
    """Parts of the whole."""
    whole = sum(counts.values())
    return {channel: count / whole for channel, count in counts.items()}


def figures_of(con: duckdb.DuckDBPyConnection) -> Figures:
    """Read what the models say now."""

    def pairs(query: str) -> dict[str, float]:
        return {channel: float(count) for channel, count in con.execute(query).fetchall()}

    touches = (
        "from marts.attribution_touches as touches inner join came_by using (customer_id)"
        " where touches.is_converted and touches.moment_number = 1"
    )
    truth = pairs(
        f"select came_by.channel, count(distinct customer_id) {touches} group by came_by.channel"
    )
    said = {
        model: pairs(f"select touches.channel, sum({model}_credit) {touches} group by all")
        for model in MODELS
        if model != "markov"
    }
    # The chain is one of all customers: what it says of the channels by which persons come.
    effects = pairs(
        "select channel, removal_effect_rate from marts.attribution_removal_effects"
        f" where conversion_kind = 'new' and channel not in {OF_ACCOUNTS}"
    )
    untouched = pairs(
        f"select touches.channel, count(*) {touches} and touches.touches = 0 group by all"
    )
    touched = sum(truth.values()) - sum(untouched.values())
    said["markov"] = {c: share * touched for c, share in shares(effects).items()}
    for channel, count in untouched.items():
        said["markov"][channel] = said["markov"].get(channel, 0) + count

    right = shares(truth)
    misplaced = {}
    for model in MODELS:
        given = shares(said[model])
        misplaced[model] = (
            sum(abs(given.get(c, 0) - right.get(c, 0)) for c in given.keys() | right.keys()) / 2
        )
    credited = {
        model: pairs(
            "select channel, sum(conversions) from marts.attribution_credits"
            f" where conversion_kind = 'repeat' and attribution_model = '{model}' group by channel"
        )
        for model in MODELS
    }
    met = (
        "(select distinct channel, customer_id, moment_number from marts.attribution_touches"
        " where is_converted and moment_number > 1)"
    )
    caused, touched, both = (
        {channel: int(count) for channel, count in pairs(query).items()}
        for query in (
            "select channel, count(*) from caused group by channel",
            f"select channel, count(*) from {met} group by channel",
            f"select channel, count(*) from {met} inner join caused"
            " using (channel, customer_id, moment_number) group by channel",
        )
    )
    return Figures(int(sum(truth.values())), misplaced, caused, touched, both, credited)


@pytest.fixture(scope="module")
def passed_over(company: tuple[duckdb.DuckDBPyConnection, list]) -> Figures:
    """With the rules as they are: the own door counts only where there is nothing else."""
    return figures_of(company[0])


@pytest.fixture(scope="module")
def counted(company: tuple[duckdb.DuckDBPyConnection, list], passed_over: Figures) -> Figures:
    """With the own door counted like any other channel."""
    con, models = company
    con.execute("update rules.attribution_rules set direct_counts = true")
    rebuild(con, models)
    return figures_of(con)


def test_the_own_door_takes_what_others_brought(passed_over: Figures, counted: Figures) -> None:
    for model in ("last_touch", "linear", "time_decay", "markov"):
        assert counted.misplaced[model] > 2 * passed_over.misplaced[model], model
    assert counted.misplaced["last_touch"] > 0.3
    assert passed_over.misplaced["first_touch"] < 0.2
    assert max(passed_over.misplaced.values()) < 0.3


def test_credit_is_not_effect(passed_over: Figures) -> None:
    """Most repeat purchases would have been made anyway, and every model gives them away."""
    caused = sum(passed_over.caused.values())
    for model in MODELS:
        given = passed_over.credited[model]
        assert sum(given.values()) - given["unknown"] > 3 * caused, model
    for channel, purchases in passed_over.caused.items():
        assert passed_over.met_and_caused[channel] > 0.6 * purchases, channel
        assert passed_over.met[channel] > 1.2 * purchases, channel


def section(passed_over: Figures, counted: Figures) -> str:
    """The section of docs/attribution.md."""
    company = f"""
        A made-up company of {CUSTOMERS} customers and {DAYS} days (seed {SEED}). It knows by which
        channel a person came, and which orders a campaign has caused; the models do not."""
    new = f"""
        **New customers.** Of {passed_over.people} persons who bought, and were asked how they came:
        the share that a model gives to a wrong channel, with the own website and app passed over
        (`direct_counts` false, the default), and counted."""
    rows = [
        f"| {model} | {passed_over.misplaced[model]:.0%} | {counted.misplaced[model]:.0%} |"
        for model in MODELS
    ]
    first = ["| model | own door passed over | own door counted |", "| --- | ---: | ---: |", *rows]
    caused = passed_over.caused
    everything = sum(passed_over.credited["linear"].values())
    repeat = f"""
        **Repeat purchases.** Campaigns have caused {sum(caused.values())} of {everything:.0f};
        nearly all others would have been made without any touch. What the models give away:"""
    columns = ["email", "direct_mail"]
    others = [
        everything - sum(passed_over.credited[model].get(c, 0) for c in (*columns, "unknown"))
        for model in MODELS
    ]
    rows = [
        f"| {model} | {passed_over.credited[model].get('email', 0):.0f} |"
        f" {passed_over.credited[model].get('direct_mail', 0):.0f} | {other:.0f} |"
        f" {passed_over.credited[model]['unknown']:.0f} |"
        for model, other in zip(MODELS, others, strict=True)
    ]
    second = [
        "| model | email | direct_mail | all other channels | no touch |",
        "| --- | ---: | ---: | ---: | ---: |",
        f"| *caused, in truth* | {caused['email']} | {caused['direct_mail']} | | |",
        *rows,
    ]
    both, met = passed_over.met_and_caused, passed_over.met
    found = f"""
        Of {met["email"]} repeat purchases with a clicked mail on their path, mails have caused
        {both["email"]}; of the {caused["email"]} that they have caused, these {both["email"]} show
        it. Of {met["direct_mail"]} with a letter, letters have caused {both["direct_mail"]}, of
        {caused["direct_mail"]}. So the credit is too high here. With the own door counted
        last_touch gives {counted.credited["last_touch"]["email"]:.0f} to mails and
        {counted.credited["last_touch"]["direct_mail"]:.0f} to letters: too little. Nothing in the
        paths tells which of the two it is."""
    company, new, repeat, found = (
        fill(" ".join(text.split()), 100) for text in (company, new, repeat, found)
    )
    parts = [HEADING, company, new, "\n".join(first), repeat, "\n".join(second), found]
    return "\n\n".join(parts) + "\n"


def test_the_figures_stand_in_the_documents(passed_over: Figures, counted: Figures) -> None:
    written = PAGE.read_text("utf-8")
    text = section(passed_over, counted)
    standing = re.search(rf"^{HEADING}$.*?(?=^## |\Z)", written, re.DOTALL | re.MULTILINE)
    assert standing, f"{PAGE.name} has no section {HEADING}"
    if os.environ.get("LIFECYCLE_WRITE_DOCS") == "1":
        PAGE.write_text(written.replace(standing[0], text + "\n").rstrip() + "\n", "utf-8")
    else:
        assert standing[0].split() == text.split()
