"""The questions in analyses/ have answers in the sample company."""

import shutil
from collections.abc import Iterator
from datetime import date
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
    """In May and June 2024 six departments are on target, and one buyer in seven churns."""
    con, compiled = answers
    query = (compiled / "is_everybody_on_target_while_customers_leave.sql").read_text("utf-8")
    trapped = con.execute(
        f"""
        select month_start_on from ({query})
        where is_blind_spot and departments = 6 and departments_on_target = 6
            and churn_rate > 2 * churn_target
        order by month_start_on
        """
    ).fetchall()
    assert trapped == [(date(2024, 5, 1),), (date(2024, 6, 1),)]
