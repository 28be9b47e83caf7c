"""Looking back: the spans alone give any past day, and docs/history.md says how."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

BERLIN = ZoneInfo("Europe/Berlin")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "history.md"
# Each query of the page on the marts, with the rows that are shown below it.
SHOWN_ROWS = {
    query: [
        tuple(cell.strip() for cell in line.strip("│").split("│"))
        for line in rows.splitlines()
        if line.startswith("│")
    ]
    for query, rows in re.findall(
        r"```sql\n(.*?)```\n\n```text\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL
    )
    if " marts." in query
}
SHOWN = "timestamp '2024-06-30 22:00:00'"  # the end of that day in Berlin


def end_of(day: date) -> str:
    """The instant at which a business day ends, as SQL."""
    midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), BERLIN)
    return f"timestamp '{midnight.astimezone(UTC):%Y-%m-%d %H:%M:%S}'"


def query_on(table: str) -> str:
    """The page's first query that reads a table."""
    return next(query for query in SHOWN_ROWS if f"from {table}\n" in query)


def test_the_page_shows_the_end_of_a_day() -> None:
    assert end_of(date(2024, 6, 30)) == SHOWN


def test_every_query_of_the_page_gives_what_is_shown(sample: duckdb.DuckDBPyConnection) -> None:
    assert len(SHOWN_ROWS) > 4
    for query, shown in SHOWN_ROWS.items():
        rows = sample.execute(query).fetchall()
        found = {tuple("NULL" if cell is None else str(cell) for cell in row) for row in rows}
        assert shown, query
        assert set(shown) <= found, query


def test_stages_of_any_day_come_from_the_spans(sample: duckdb.DuckDBPyConnection) -> None:
    query = query_on("marts.lifecycle_spans")
    rows = sample.execute("select date_on from marts.dim_dates order by date_on").fetchall()
    days = [day for (day,) in rows]
    replayed = [*days[::29], days[-1]]
    assert len(replayed) > 20
    for day in replayed:
        from_spans = sample.execute(query.replace(SHOWN, end_of(day))).fetchall()
        population = sample.execute(
            "select stage, sum(customers) from marts.lifecycle_population_daily"
            " where date_on = ? group by stage having sum(customers) > 0",
            [day],
        ).fetchall()
        assert dict(from_spans) == {stage: int(customers) for stage, customers in population}, day


def test_segments_of_any_month_end_come_from_the_spans(
    sample: duckdb.DuckDBPyConnection,
) -> None:
    query = query_on("marts.segment_spans")
    months = sample.execute(
        "select distinct month_end_on from marts.customer_segment_history order by all"
    ).fetchall()
    assert len(months) > 20
    for (month,) in months:
        from_spans = sample.execute(query.replace(SHOWN, end_of(month))).fetchall()
        history = sample.execute(
            "select segment, count(*) from marts.customer_segment_history"
            " where month_end_on = ? group by segment",
            [month],
        ).fetchall()
        assert dict(from_spans) == dict(history), month
