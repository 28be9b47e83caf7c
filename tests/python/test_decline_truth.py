"""Warnings of decline against the truth that only a made-up company knows.

A generated customer drops out after an order, by a coin of its own, and nobody can see it. A warning is
right when the customer was gone at that moment. It is compared with what needs no skill: a bet on everybody
who has as much of a past, and one clock for all, set to catch as many.

The figures stand in docs/accuracy.md. LIFECYCLE_WRITE_DOCS=1 writes them there; otherwise they must be
those that stand there.
"""

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from warehouse import PROJECT, run_dbt

from lifecycle.generate import generate
from lifecycle.generator import schema

CUSTOMERS, DAYS, SEED = 800, 1095, 3
ACCURACY = PROJECT / "docs" / "accuracy.md"
HEADING = "## Decline warnings"
SIGNALS = ("frequency", "engagement", "satisfaction", "complaint", "quantity", "value")

# Per purchase moment: whether the customer was gone after it, and until when.
STRETCHES = """
create temp table gone as
select 'person:' || unit_id as customer_id, dropped_out_at as gone_from, returned_at as gone_to
from truth where customer_type = 'b2c' and dropped_out_at is not null
union all
select 'person:' || unit_id, dropped_out_again_at, null
from truth where customer_type = 'b2c' and dropped_out_again_at is not null
"""
SCENES = """
create temp table stretches as
select
    m.customer_id,
    m.moment_number,
    m.purchased_at,
    m.next_purchased_at,
    m.purchased_at >= w.known_from as is_known,
    w.known_from,
    exists (
        select 1 from gone as g
        where g.customer_id = m.customer_id and g.gone_from <= m.purchased_at
        and (g.gone_to is null or g.gone_to > m.purchased_at)
    ) as is_gone
from intermediate.int_purchase_moments as m
left join (
    select customer_id, min(purchased_at) as known_from
    from intermediate.int_purchase_moments where moment_number = 4 group by customer_id
) as w using (customer_id)
where m.customer_type = 'b2c'
"""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """A generated company without dirty rows, built as far as its warnings, and its truth."""
    folder = tmp_path_factory.mktemp("truth")
    generate(CUSTOMERS, DAYS, SEED, folder / "made", fmt="parquet")
    database = folder / "made.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute("create schema raw")
        for table in schema.RAW_SCHEMAS:
            con.execute(f"create table raw.{table} as from '{folder / 'made' / table}.parquet'")
    chosen = {"use_sample": False}
    run_dbt("seed", database, variables=chosen)
    run_dbt("run --select +decline_warnings +losses", database, variables=chosen)
    con = duckdb.connect(str(database))
    con.execute("set TimeZone = 'UTC'")
    con.execute(f"create temp table truth as from '{folder / 'made' / 'truth_customers.parquet'}'")
    con.execute(STRETCHES)
    con.execute(SCENES)
    return con


def one(con: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """The only row of a query."""
    rows = con.execute(query).fetchall()
    assert len(rows) == 1
    return rows[0]
