"""Warnings of decline against the truth that only a made-up company knows.

A generated person drops out after an order, by a coin of its own, and nobody can see it. A warning
is right when the person was gone at that moment. It is compared with what needs no skill: a bet on
everybody at every order, and one clock for all.

The figures stand in docs/accuracy.md. LIFECYCLE_WRITE_DOCS=1 writes them there; otherwise they must
be the ones that stand there.
"""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from accuracy import paragraph, stands, table
from conftest import MadeCompany

CLOCK_DAYS = 45  # one clock for all, half of what the rules call a decline
HEADING = "## Decline warnings"

# gone: from when until when persons were gone, as only the generator knows.
# stretches: what comes after each order until the next one, and whether the person was gone then.
# warned: the first warning of each signal in a stretch, before its silence became a decline.
TRUTH = """
create temp table gone as
select 'person:' || unit_id as customer_id, dropped_out_at as gone_from, returned_at as gone_to
from truth where customer_type = 'b2c' and dropped_out_at is not null
union all
select 'person:' || unit_id, dropped_out_again_at, null
from truth where customer_type = 'b2c' and dropped_out_again_at is not null;

create temp table stretches as
select
    m.customer_id,
    m.moment_number,
    m.purchased_at,
    least(m.next_purchased_at, a.as_of) as seen_to,
    d.valid_from as decline_from,
    exists (
        select 1 from gone as g
        where g.customer_id = m.customer_id and g.gone_from <= m.purchased_at
        and (g.gone_to is null or g.gone_to > m.purchased_at)
    ) as is_gone
from intermediate.int_purchase_moments as m
cross join intermediate.int_as_of as a
left join marts.lifecycle_spans as d
    on m.customer_id = d.customer_id and d.stage = 'decline' and d.stage_detail = 'silence'
    and d.valid_from > m.purchased_at
    and (d.valid_from < m.next_purchased_at or m.next_purchased_at is null)
where m.customer_type = 'b2c';

create temp table warned as
select s.signal, t.*, min(s.valid_from) as warned_at
from marts.decline_signals as s
inner join stretches as t using (customer_id, moment_number)
where s.valid_from < t.seen_to and (t.decline_from is null or s.valid_from < t.decline_from)
group by all;
"""
FIGURES = """
select
    count(*) as warnings,
    avg(is_gone::int) as right_rate,
    avg(is_gone::int) / (select avg(is_gone::int) from stretches) as times_no_skill,
    avg(case when is_gone and decline_from < seen_to
        then date_diff('second', warned_at, decline_from) / 86400 end) as lead_days
from {}
"""


@pytest.fixture(scope="module")
def company(made_company: MadeCompany) -> Iterator[duckdb.DuckDBPyConnection]:
    """The made-up company with its truth."""
    with made_company.opened(TRUTH) as con:
        yield con


def figures_of(con: duckdb.DuckDBPyConnection, table: str) -> tuple[float, ...]:
    """Warnings, share that was right, times the share without skill, mean days to the decline."""
    return con.execute(FIGURES.format(table)).fetchall()[0]


@pytest.fixture(scope="module")
def figures(company: duckdb.DuckDBPyConnection) -> dict[str, tuple[Any, ...]]:
    """Figures by signal, of any and of two at once, and of what needs no skill."""
    signals = ("frequency", "engagement", "satisfaction", "complaint", "quantity", "value")
    of = {s: figures_of(company, f"(from warned where signal = '{s}')") for s in signals}
    mood = "from warned where signal not in ('quantity', 'value')"
    of["any of the first four"] = figures_of(
        company,
        "(select customer_id, moment_number, is_gone, decline_from, seen_to,"
        f" min(warned_at) as warned_at from ({mood}) group by all)",
    )
    of["two of the first four"] = figures_of(
        company,
        "(select customer_id, moment_number, is_gone, decline_from, seen_to,"
        f" list_sort(list(warned_at))[2] as warned_at from ({mood}) group by all"
        " having count(*) > 1)",
    )
    of["one clock for all"] = figures_of(
        company,
        f"(select *, purchased_at + interval {CLOCK_DAYS} day as warned_at from stretches"
        f" where moment_number >= 4 and purchased_at + interval {CLOCK_DAYS} day < seen_to)",
    )
    return of


@pytest.fixture(scope="module")
def found(company: duckdb.DuckDBPyConnection) -> tuple[Any, ...]:
    """Churns of persons who were gone: all, warned; with four orders, warned; mean days."""
    return company.execute(
        """
        select
            count(*),
            count(l.warned_at),
            count(case when l.moment_number >= 4 then 1 end),
            count(case when l.moment_number >= 4 then l.warned_at end),
            avg(l.days_warned)
        from marts.losses as l
        inner join stretches as s using (customer_id, moment_number)
        where l.stage = 'churn' and s.is_gone
        """
    ).fetchall()[0]


def test_signals_know_more_than_a_bet_on_everybody(figures: dict[str, tuple[Any, ...]]) -> None:
    for signal in ("frequency", "engagement", "satisfaction", "complaint"):
        warnings, right, times, lead = figures[signal]
        assert warnings >= 50, signal
        assert times > 2, signal
        assert right < 1, signal
        assert lead > 5, signal
    assert figures["two of the first four"][1] > figures["any of the first four"][1]


def test_orders_do_not_shrink_in_a_made_up_company(figures: dict[str, tuple[Any, ...]]) -> None:
    """The generator's customers order as much as ever to the end: nothing to be found there."""
    for signal in ("quantity", "value"):
        assert 0.5 < figures[signal][2] < 2, signal


def test_churn_is_warned_of_long_before(found: tuple[Any, ...]) -> None:
    churns, _, known, warned, days = found
    assert churns > known > 50
    assert warned / known > 0.8
    assert days > 100


def test_the_figures_stand_in_the_documents(
    figures: dict[str, tuple[Any, ...]], found: tuple[Any, ...], made_company: MadeCompany
) -> None:
    churns, any_warned, known, warned, days = found
    no_skill = figures["frequency"][1] / figures["frequency"][2]
    stands(
        HEADING,
        paragraph(f"""
            A made-up company of {made_company.customers} customers and {made_company.days} days
            (seed {made_company.seed}), persons only. A warning is right when the person had dropped
            out by then, which the generator knows and nobody sees. After {no_skill:.1%} of all
            orders the person is gone: so often a bet on everybody is right."""),
        table(
            "signal | warnings | right | false alarms | times a bet | days before the decline",
            [
                [name, f"{n}", f"{right:.0%}", f"{1 - right:.0%}", f"{times:.1f}", f"{lead:.0f}"]
                for name, (n, right, times, lead) in figures.items()
            ],
        ),
        paragraph(f"""
            Of {churns} churns of persons who were gone {any_warned} had been warned of; of the
            {known} with four orders or more {warned}. The warning came {days:.0f} days before the
            churn on average. With fewer orders there is no past to measure frequency by; with four,
            silence of `max_days` warns whatever the rhythm."""),
        paragraph(f"""
            Where this is wrong: most warnings are false alarms, because few orders are the last and
            chance has long gaps. Act on them cheaply, or on two at once. Quantity and value find
            nothing here: made-up customers order as much as ever to the end. The own rhythm is no
            better here than one clock of {CLOCK_DAYS} days for all with four orders or more. Both
            are to be measured with your own data. The rules were set on another company made in
            this way, so that these figures still flatter them."""),
    )
