"""The questions in analyses/ have answers in the sample company."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from warehouse import PROJECT, run_dbt

QUESTIONS = sorted(path.stem for path in (PROJECT / "analyses").glob("*.sql"))


@pytest.fixture(scope="module")
def answers(
    sample_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """The sample company, and where the compiled questions are."""
    database = tmp_path_factory.mktemp("analyses") / sample_database.name
    shutil.copy(sample_database, database)
    run_dbt("compile --select path:analyses", database)
    compiled = database.with_suffix(".target") / "compiled" / "customer_lifecycle" / "analyses"
    with duckdb.connect(str(database), read_only=True) as con:
        yield con, compiled


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered(
    answers: tuple[duckdb.DuckDBPyConnection, Path], question: str
) -> None:
    con, compiled = answers
    written = (PROJECT / "analyses" / f"{question}.sql").read_text("utf-8")
    assert "?" in written.splitlines()[0], "ask something"
    found = con.execute((compiled / f"{question}.sql").read_text("utf-8"))
    names = [column[0] for column in found.description]
    rows = found.fetchall()
    assert rows
    # A column without any value answers nothing.
    empty = [name for place, name in enumerate(names) if all(row[place] is None for row in rows)]
    assert not empty


def test_the_trap_is_seen_only_where_nobody_is_asked(
    answers: tuple[duckdb.DuckDBPyConnection, Path],
) -> None:
    """Months in which the departments' numbers were better than before, and more customers left."""
    con, compiled = answers
    query = (compiled / "is_everybody_on_target_while_customers_leave.sql").read_text("utf-8")
    trapped = con.execute(
        f"""
        with months as (
            select
                *,
                lag(sales_amount) over life as sales_before,
                lag(acquisition_cost_amount) over life as cost_before,
                lag(churn_rate) over life as churn_before
            from ({query})
            window life as (order by month_start_on)
        )
        select month_start_on from months
        where sales_amount > sales_before and acquisition_cost_amount < cost_before
            and churn_rate > churn_before
        """
    ).fetchall()
    assert trapped
