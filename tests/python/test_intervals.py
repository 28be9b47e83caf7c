"""Published intervals of shares and net promoter scores, from raw answers to the mart."""

from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest
from warehouse import run_dbt, write_raw

# Per month of 2025: the survey, and how many gave which score.
ANSWERS = {
    1: ("nps", {10: 60, 8: 25, 3: 15}),
    2: ("csat", {5: 80, 2: 20}),
    3: ("csat", {3: 20}),
    4: ("csat", {4: 20}),
    5: ("ces", {7: 80, 4: 20}),
    6: ("nps", {9: 20}),
    7: ("csat", {5: 1}),
}


@pytest.fixture(scope="module")
def feedback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The mart of a company that knows nothing but answers; July is not over."""
    database = tmp_path_factory.mktemp("intervals") / "company.duckdb"
    rows = [
        {
            "feedback_id": f"{month}-{score}-{number}",
            "customer_id": f"{month}-{score}-{number}",
            "responded_at": f"2025-{month:02}-10 12:00:00",
            "survey_type": survey,
            "score": score,
        }
        for month, (survey, scores) in ANSWERS.items()
        for score, answers in scores.items()
        for number in range(answers)
    ]
    with duckdb.connect(str(database)) as con:
        con.execute("create schema raw")
        con.execute("create table raw.customers (customer_id varchar)")
        con.execute(
            "create table raw.orders (order_id varchar, ordered_at varchar, status varchar)"
        )
        write_raw(con, {"feedback": rows})
    run_dbt(
        "build --select +kpi_feedback --resource-type model seed",
        database,
        variables={"use_sample": False, "as_of": "2025-07-20"},
    )
    with duckdb.connect(str(database), read_only=True) as con:
        yield con


def of_month(con: duckdb.DuckDBPyConnection, month: int, columns: str) -> tuple:
    """Some columns of the one row of a month."""
    ((*values,),) = con.execute(
        f"select {columns} from marts.kpi_feedback where month_start_on = ?",
        [f"2025-{month:02}-01"],
    ).fetchall()
    return tuple(values)


def test_net_promoter_score(feedback: duckdb.DuckDBPyConnection) -> None:
    """60 promoters, 25 passives, 15 detractors: 45, standard error 7.399324."""
    columns = "promoters, detractors, answers, net_promoter_score"
    assert of_month(feedback, 1, columns) == (60, 15, 100, Decimal("45"))
    columns = "net_promoter_low_score, net_promoter_high_score"
    low, high = of_month(feedback, 1, columns)
    assert (round(low, 5), round(high, 5)) == (Decimal("30.49759"), Decimal("59.50241"))
    assert round((high - low) / 2 / Decimal("1.959963984540054"), 6) == Decimal("7.399324")
    assert of_month(feedback, 6, columns) == (100, 100)


@pytest.mark.parametrize(
    ("month", "figure", "good", "bounds"),
    [
        (2, "satisfaction", 80, ("0.7111708", "0.8666331")),
        (3, "satisfaction", 0, ("0", "0.1611252")),
        (4, "satisfaction", 20, ("0.8388748", "1")),  # 1 - 0.1611252, which is 20 / (20 + z * z)
        (5, "low_effort", 80, ("0.7111708", "0.8666331")),
    ],
)
def test_share_of_good_answers(
    feedback: duckdb.DuckDBPyConnection,
    month: int,
    figure: str,
    good: int,
    bounds: tuple[str, str],
) -> None:
    answers = "satisfied_answers" if figure == "satisfaction" else "low_effort_answers"
    columns = f"{answers}, answers, {figure}_rate, {figure}_low_rate, {figure}_high_rate"
    counted, given, share, low, high = of_month(feedback, month, columns)
    assert (counted, share) == (good, Decimal(good) / given)
    assert (round(low, 7), round(high, 7)) == tuple(map(Decimal, bounds))


def test_a_figure_is_of_its_survey_and_of_a_month_that_is_over(
    feedback: duckdb.DuckDBPyConnection,
) -> None:
    columns = (
        "satisfied_answers, satisfaction_rate, satisfaction_low_rate, net_promoter_score,"
        " net_promoter_low_score, low_effort_rate, closed_loops, closed_loop_rate"
    )
    assert of_month(feedback, 1, columns)[:3] == (None, None, None)
    assert of_month(feedback, 2, columns)[3:] == (None, None, None, None, None)
    assert of_month(feedback, 7, columns) == (1, None, None, None, None, None, None, None)
